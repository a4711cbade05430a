import { href } from '../../routes.ts'
import { Banner, ProblemBanner } from '../../ui/banner.tsx'
import { useNow } from '../../ui/time.tsx'
import type { Outcome, Sending } from './desk.ts'
import { resultOf } from './result.ts'

/** That an event is on its way, for how long, and how not to wait for it. */
export function Progress({ sending, onStop }: { readonly sending: Sending; readonly onStop: () => void }) {
  const { startedAtMs, waitSeconds } = sending
  const nowMs = useNow(250)
  const seconds = Math.max(0, Math.floor((nowMs - startedAtMs) / 1000))
  return (
    <div class="banner banner-info progress">
      <strong role="status">
        {waitSeconds === 0
          ? 'Sending …'
          : sending.isForAnswer
            ? 'Waiting for an answer …'
            : 'Waiting for receipts …'}
      </strong>
      {waitSeconds > 0 && (
        <>
          <progress max={waitSeconds} value={Math.min(seconds, waitSeconds)} aria-label="Time waited" />
          <span class="number">
            {Math.min(seconds, waitSeconds)} of {waitSeconds} s
          </span>
        </>
      )}
      <button type="button" class="button button-small" onClick={onStop}>
        Cancel
      </button>
    </div>
  )
}

/** What came of the last event. */
export function OutcomeBanner({
  outcome,
  onAgain,
}: {
  readonly outcome: Outcome
  readonly onAgain: () => void
}) {
  switch (outcome.is) {
    case 'failed':
      return <Failed outcome={outcome} onAgain={onAgain} />
    case 'stopped':
      return (
        <Banner tone="warning" title="You did not wait for the answer">
          <p>The event may have been sent all the same.</p>
          <div class="row">
            <a href={href(['events'], { userId: outcome.order.form.userId, type: outcome.order.form.type })}>
              Look for it in the history
            </a>
          </div>
        </Banner>
      )
    case 'answered': {
      const { tone, sentence } = resultOf(outcome.receipt, outcome.order.form)
      return (
        <Banner tone={tone} title={sentence}>
          <div class="row">
            {outcome.receipt.eventId !== '' && (
              <a href={href(['events', outcome.receipt.eventId])}>What became of it</a>
            )}
            <button type="button" class="button button-small" onClick={onAgain}>
              Send again
            </button>
            <span class="hint">with a new id</span>
          </div>
        </Banner>
      )
    }
  }
}

function Failed({
  outcome,
  onAgain,
}: {
  readonly outcome: Outcome & { readonly is: 'failed' }
  readonly onAgain: () => void
}) {
  const { isPassing, title, detail } = outcome.problem
  if (!isPassing) return <ProblemBanner problem={outcome.problem} />
  return (
    <Banner tone="warning" title={title}>
      <p>{detail}</p>
      <p>If it got through unnoticed, trying again does not send it a second time.</p>
      <div class="row">
        <button type="button" class="button button-small" onClick={onAgain}>
          Try again
        </button>
      </div>
    </Banner>
  )
}
