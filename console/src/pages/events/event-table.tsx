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
    <div class="table-wrap plain-links">
      <table class="rows">
        <thead>
          <tr>
            <th class="rows-when">Time</th>
            <th>Type</th>
            <th class="rows-who">To</th>
            <th class="rows-qos">QoS</th>
            <th class="rows-outcome">What became of it</th>
          </tr>
        </thead>
        <tbody>
          {events.map((record) => (
            // An id may be given twice.
            <tr key={`${record.acceptedAt} ${record.id}`}>
              <td class="rows-when">
                <Time at={record.acceptedAt} />
              </td>
              <td class="rows-main">
                <a class="clamp" href={href(['events', record.id])}>
                  {typeOf(record)}
                </a>
              </td>
              <td class="rows-who">
                <a class="clamp" href={href(['people', record.userId])}>
                  <bdi>{record.userId}</bdi>
                </a>
                {isOfMany && <span class="quiet small"> {record.organizationId}</span>}
              </td>
              <td class="quiet rows-qos">{record.qos}</td>
              <td class="rows-outcome">
                <OutcomeBadges record={record} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
