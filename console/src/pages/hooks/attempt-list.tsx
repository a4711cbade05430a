import type { WebhookAttempt } from '@rollcall/protocol/webhook'
import { count, duration } from '../../format.ts'
import { Badge } from '../../ui/badge.tsx'
import { Time } from '../../ui/time.tsx'
import { failureInWords } from './health.ts'

/** Requests to a receiver, newest first, each with what it answered. */
export function AttemptList({ attempts }: { readonly attempts: readonly WebhookAttempt[] }) {
  return (
    <div class="table-wrap">
      <table class="rows rows-attempts">
        <thead>
          <tr>
            <th class="rows-when">Time</th>
            <th>What</th>
            <th class="rows-outcome">Answer</th>
            <th class="rows-took">After</th>
          </tr>
        </thead>
        <tbody>
          {attempts.map((attempt) => (
            <tr key={`${attempt.at} ${attempt.messageId}`}>
              <td class="rows-when">
                <Time at={attempt.at} />
              </td>
              <td class="rows-main">{whatOf(attempt)}</td>
              <td class="rows-outcome">
                <Badge tone={attempt.failure === undefined ? 'good' : 'bad'}>{answerOf(attempt)}</Badge>
              </td>
              <td class="rows-took number">{duration(attempt.tookMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function whatOf({ kind, events }: WebhookAttempt): string {
  const number = `${count(events)} ${events === 1 ? 'event' : 'events'}`
  if (kind === 'test') return 'Test event'
  return kind === 'replay' ? `Replay, ${number}` : number
}

export function answerOf({ status, failure }: WebhookAttempt): string {
  if (status !== undefined) return `answered ${status}`
  return failure === undefined ? 'taken' : failureInWords(failure)
}
