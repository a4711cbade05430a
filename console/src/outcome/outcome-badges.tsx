import type { HistoryRecord } from '@rollcall/client'
import { count } from '../format.ts'
import { Badge } from '../ui/badge.tsx'
import { sharedReason } from './discard-words.ts'
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
      {tally.map(([outcome, number]) => {
        const { text, tone } = wordsFor(outcome, record.qos)
        const why = outcome === 'discarded' ? sharedReason(record.endpoints) : undefined
        return (
          <Badge key={outcome} tone={why?.isHarmless ? 'neutral' : tone}>
            {count(number)} {why === undefined ? text : why.isHarmless ? why.text : `${text}: ${why.text}`}
          </Badge>
        )
      })}
    </span>
  )
}
