import type { HistoryRecord } from '@rollcall/client'
import { Badge } from '../ui/badge.tsx'
import { tallyOf, wordsFor } from './outcome.ts'

/** What became of an event everywhere, at a glance. */
export function OutcomeBadges({
  record,
}: {
  readonly record: Pick<HistoryRecord, 'qos' | 'endpoints' | 'answeredAt'>
}) {
  const tally = tallyOf(record)
  if (tally.length === 0) return <Badge tone="neutral">nobody registered</Badge>
  return (
    <span class="outcomes">
      {record.answeredAt !== undefined && <Badge tone="good">answered</Badge>}
      {tally.map(([outcome, count]) => {
        const { text, tone } = wordsFor(outcome, record.qos)
        return (
          <Badge key={outcome} tone={tone}>
            {count} {text}
          </Badge>
        )
      })}
    </span>
  )
}
