import type { HistoryRecord } from '@rollcall/client'
import { typeOf } from '../../outcome/event-type.ts'
import { OutcomeBadges } from '../../outcome/outcome-badges.tsx'
import { href } from '../../routes.ts'
import { Empty } from '../../ui/empty.tsx'
import { Card } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'

/** The newest events to somebody, each with what became of it. */
export function LastEvents({
  userId,
  records,
}: {
  readonly userId: string
  readonly records: readonly HistoryRecord[]
}) {
  return (
    <Card
      title={
        <>
          Last events to <bdi>{userId}</bdi>
        </>
      }
      actions={
        <a class="button button-small" href={href(['events'], { userId })}>
          All of them
        </a>
      }
    >
      {records.length === 0 ? (
        <Empty title="None">The history remembers no event to this user.</Empty>
      ) : (
        <ul class="entries plain-links">
          {records.map((record) => (
            // An id may be given twice.
            <li key={`${record.acceptedAt} ${record.id}`} class="entry">
              <span class="quiet small number">
                <Time at={record.acceptedAt} />
              </span>
              <a class="clamp" href={href(['events', record.id])}>
                {typeOf(record)}
              </a>
              <OutcomeBadges record={record} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}
