import type { Statistics } from '@rollcall/protocol/statistics'
import { count } from '../../format.ts'

type Row = readonly [name: string, value: number]

/** What was counted since the server started: where events went, and where they were lost. */
export function Totals({ statistics: { qos0, qos1, ended } }: { readonly statistics: Statistics }) {
  return (
    <section class="card totals">
      <h2>Since the server started</h2>
      <div class="totals-groups">
        <Group
          title="QoS 1"
          rows={[
            ['Events', qos1.events],
            ['Copies kept', qos1.copies],
            ['Answered', qos1.answered],
            ['Acknowledged', qos1.acknowledged],
            ['Expired', qos1.expired],
            ['Discarded', qos1.discarded],
            ['… device had gone', qos1.registrationEnded],
            ['… not needed any more', qos1.superseded],
            ['Mailbox full', qos1.mailboxFull],
            ['Devices woken', qos1.woken],
          ]}
        />
        <div>
          <Group
            title="QoS 0"
            rows={[
              ['Events', qos0.events],
              ['Sent', qos0.sent],
              ['Not connected', qos0.notConnected],
              ['Discarded', qos0.discarded],
            ]}
          />
          <Group
            title="Registrations"
            rows={[
              ['Expired', ended.expired],
              ['Unregistered', ended.unregistered],
            ]}
          />
        </div>
      </div>
    </section>
  )
}

function Group({ title, rows }: { readonly title: string; readonly rows: readonly Row[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="number">{count(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
