import type { WebhookAttempt } from '@rollcall/protocol/webhook'
import { useState } from 'preact/hooks'
import type { Webhook } from '../../api/api.ts'
import { describe, type Problem } from '../../api/problem.ts'
import { duration } from '../../format.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { Banner, ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Card } from '../../ui/page.tsx'
import { usePoll } from '../../ui/use-poll.ts'
import { AttemptList, answerOf } from './attempt-list.tsx'
import { failureInWords } from './health.ts'

/** Shown before somebody asks for all. */
const SHOWN = 10

/** What was sent to a webhook lately, and the way to try it. */
export function Attempts({
  scope,
  webhook,
  everyMs,
}: {
  readonly scope: Scope
  readonly webhook: Webhook
  readonly everyMs: number
}) {
  const [showsAll, setShowsAll] = useState(false)
  const { data, problem, refresh } = usePoll(
    `attempts ${webhook.id}`,
    (signal) => scope.session.api.attempts(webhook.id, optionsOf(scope, signal)),
    { intervalMs: everyMs, onProblem: scope.onProblem },
  )
  const test = useTest(scope, webhook, refresh)
  const attempts = data ?? []
  return (
    <Card
      title="Last attempts"
      actions={
        <button
          type="button"
          class="button button-small"
          aria-disabled={test.isBusy}
          onClick={() => !test.isBusy && test.send()}
        >
          {test.isBusy ? 'Sending …' : 'Send a test event'}
        </button>
      }
    >
      <div class="hook-said">
        {test.attempt !== undefined && <Tested attempt={test.attempt} />}
        <ProblemBanner problem={test.problem ?? problem} />
      </div>
      {data !== undefined && attempts.length === 0 && (
        <Empty title="Nothing was sent since the server started">
          A test event says whether the receiver can be reached and takes the signature.
        </Empty>
      )}
      {attempts.length > 0 && <AttemptList attempts={showsAll ? attempts : attempts.slice(0, SHOWN)} />}
      {attempts.length > SHOWN && !showsAll && (
        <p class="hook-pages">
          <button type="button" class="button button-small" onClick={() => setShowsAll(true)}>
            All {attempts.length}
          </button>
        </p>
      )}
    </Card>
  )
}

function Tested({ attempt }: { readonly attempt: WebhookAttempt }) {
  const { status, failure, tookMs } = attempt
  if (failure === undefined)
    return (
      <Banner tone="success" title={`The receiver has taken the test event: it ${answerOf(attempt)}`}>
        After {duration(tookMs)}.
      </Banner>
    )
  const said = status === undefined ? failureInWords(failure) : answerOf(attempt)
  return (
    <Banner tone="warning" title={`The test event was not taken: the receiver ${said}`}>
      After {duration(tookMs)}. It is not tried again.
    </Banner>
  )
}

function useTest(scope: Scope, { id }: Webhook, onDone: () => void) {
  const [isBusy, setIsBusy] = useState(false)
  const [attempt, setAttempt] = useState<WebhookAttempt>()
  const [problem, setProblem] = useState<Problem>()
  const run = async (): Promise<void> => {
    setIsBusy(true)
    setAttempt(undefined)
    setProblem(undefined)
    try {
      setAttempt(await scope.session.api.testWebhook(id, optionsOf(scope)))
      onDone()
    } catch (thrown) {
      scope.onProblem(thrown)
      setProblem(describe(thrown))
    } finally {
      setIsBusy(false)
    }
  }
  return { isBusy, attempt, problem, send: () => void run() }
}
