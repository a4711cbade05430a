import { LIFECYCLE_EVENTS } from '@rollcall/protocol/lifecycle'
import type { ComponentChildren } from 'preact'
import type { Webhook } from '../../api/api.ts'
import { count } from '../../format.ts'
import { Time, Until } from '../../ui/time.tsx'
import { failureInWords, healthOf } from './health.ts'

/** Where a webhook goes, what it wants, and how it went. */
export function WebhookFacts({ webhook }: { readonly webhook: Webhook }) {
  const { url, events, pending, deadLetters, lastSuccessAt, lastFailureAt, lastFailure, nextAttemptAt } =
    webhook
  const isWaiting = healthOf(webhook).word === 'Failing' && nextAttemptAt !== undefined
  return (
    <div class="hook">
      <p>
        <code>{url}</code>
      </p>
      <ul class="chips" aria-label="Events it wants">
        {wantsAll(events) ? <li>every event</li> : events.map((type) => <li key={type}>{type}</li>)}
      </ul>
      <dl class="hook-facts">
        <Fact name="Waiting">{count(pending)}</Fact>
        <Fact name="Dead letters">{count(deadLetters)}</Fact>
        <Fact name="Last taken">
          {lastSuccessAt === undefined ? '–' : <Time at={lastSuccessAt} relative />}
        </Fact>
        <Fact name="Last failure">
          {lastFailureAt === undefined ? (
            '–'
          ) : (
            <>
              <Time at={lastFailureAt} relative />
              <span class="hook-why">it {failureInWords(lastFailure ?? 'failed')}</span>
            </>
          )}
        </Fact>
        {isWaiting && (
          <Fact name="Tried again in">
            <Until at={nextAttemptAt} past="a moment" />
          </Fact>
        )}
      </dl>
    </div>
  )
}

/** The API names each, also where the directory says `*`. */
function wantsAll(events: readonly string[]): boolean {
  return Object.keys(LIFECYCLE_EVENTS).every((type) => events.includes(type))
}

function Fact({ name, children }: { readonly name: string; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="number">{children}</dd>
    </div>
  )
}
