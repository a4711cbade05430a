import { useState } from 'preact/hooks'
import { href, hrefOfEntry } from '../../routes.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { Badge } from '../../ui/badge.tsx'
import { ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { usePoll } from '../../ui/use-poll.ts'
import { Attempts } from './attempts.tsx'
import { DeadLetters } from './dead-letters.tsx'
import { healthOf } from './health.ts'
import { WebhookFacts } from './webhook-facts.tsx'

/** Calm, and while something is being sent again. */
const EVERY_MS = { calm: 3_000, replaying: 700 }

/** One webhook: how it is doing, and what it did not take. */
export function WebhookPage({ webhookId, ...scope }: Scope & { readonly webhookId: string }) {
  const { session, organizationId, onProblem } = scope
  const [isReplaying, setIsReplaying] = useState(false)
  const everyMs = isReplaying ? EVERY_MS.replaying : EVERY_MS.calm
  const { data, problem, refresh } = usePoll(
    `webhooks ${organizationId ?? ''}`,
    (signal) => session.api.webhooks(optionsOf(scope, signal)),
    { intervalMs: everyMs, onProblem },
  )
  const webhook = data?.find(({ id }) => id === webhookId)
  const health = webhook && healthOf(webhook)
  return (
    <Page
      title={webhookId}
      lead={health && <Badge tone={health.tone}>{health.word}</Badge>}
      actions={
        <>
          <a class="button" href={hrefOfEntry('webhooks', webhookId)}>
            Edit
          </a>
          <a class="button" href={href(['hooks'])}>
            All webhooks
          </a>
        </>
      }
    >
      <ProblemBanner problem={problem} />
      {data === undefined && problem === undefined && <p class="quiet">Asking …</p>}
      {data !== undefined && webhook === undefined && (
        <Card>
          <Empty title="The organization has no webhook of this name">
            One that is taken out of the directory loses its dead letters, too.
          </Empty>
        </Card>
      )}
      {webhook !== undefined && (
        <>
          <Card>
            <WebhookFacts webhook={webhook} />
          </Card>
          <Attempts {...{ scope, webhook, everyMs }} />
          <DeadLetters {...{ scope, webhook, everyMs }} onReplaying={setIsReplaying} onChange={refresh} />
        </>
      )}
    </Page>
  )
}
