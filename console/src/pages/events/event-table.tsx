import type { HistoryRecord } from '@rollcall/client'
import { typeOf } from '../../outcome/event-type.ts'
import { OutcomeBadges } from '../../outcome/outcome-badges.tsx'
import { href } from '../../routes.ts'
import { Time } from '../../ui/time.tsx'

/** One page of events as a table. */
export function EventTable({
  events,
  isOfMany,
}: {
  readonly events: readonly HistoryRecord[]
  /** Whether they may be of several organizations. */
  readonly isOfMany: boolean
}) {
  return (
    <div class="table-wrap">
      <table class="events">
        <thead>
          <tr>
            <th>Time</th>
            <th>Type</th>
            <th>To</th>
            <th>QoS</th>
            <th>What became of it</th>
          </tr>
        </thead>
        <tbody>
          {events.map((record) => (
            // An id may be given twice.
            <tr key={`${record.acceptedAt} ${record.id}`}>
              <td class="number events-time">
                <Time at={record.acceptedAt} />
              </td>
              <td class="events-type">
                <a href={href(['events', record.id])}>{typeOf(record)}</a>
              </td>
              <td class="events-to">
                <a href={href(['people', record.userId])}>
                  <bdi>{record.userId}</bdi>
                </a>
                {isOfMany && <span class="quiet small"> {record.organizationId}</span>}
              </td>
              <td class="quiet events-qos">{record.qos}</td>
              <td class="events-outcome">
                <OutcomeBadges record={record} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
