import type { HistoryRecord } from '@rollcall/client'
import { typeOf } from '../../outcome/event-type.ts'
import { summaryOf } from '../../outcome/summary.ts'
import { href } from '../../routes.ts'
import { Time } from '../../ui/time.tsx'

/** What became of the last event to somebody, in one line. */
export function LastEventLine({ record }: { readonly record: HistoryRecord | undefined }) {
  if (record === undefined) return <p class="last-event">No event was sent lately.</p>
  return (
    <p class="last-event">
      Last event <Time at={record.acceptedAt} relative />:{' '}
      <a href={href(['events', record.id])}>{typeOf(record)}</a>. {summaryOf(record).text}
    </p>
  )
}
