import type { Webhook } from '../../api/api.ts'
import { count } from '../../format.ts'
import { href, hrefOfEntry } from '../../routes.ts'
import { optionsOf, type Scope } from '../../session/scope.ts'
import { Badge } from '../../ui/badge.tsx'
import { ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { usePoll } from '../../ui/use-poll.ts'
import { healthOf } from './health.ts'
import { WebhookFacts } from './webhook-facts.tsx'

const EVERY_MS = 3_000

/** All webhooks, each with how it is doing. */
export function WebhookList(scope: Scope) {
  const { session, organizationId, onProblem } = scope
  const { data, problem } = usePoll(
    `webhooks ${organizationId ?? ''}`,
    (signal) => session.api.webhooks(optionsOf(scope, signal)),
    { intervalMs: EVERY_MS, onProblem },
  )
  return (
    <Page title="Hooks" lead="Who is told, over HTTPS, what happens to devices and events.">
      <ProblemBanner problem={problem} />
      {data === undefined && problem === undefined && <p class="quiet">Asking …</p>}
      {data?.length === 0 && <NoneYet />}
      {data?.map((webhook) => (
        <Item key={webhook.id} webhook={webhook} />
      ))}
    </Page>
  )
}

function Item({ webhook }: { readonly webhook: Webhook }) {
  const { id, deadLetters } = webhook
  const health = healthOf(webhook)
  return (
    <Card
      title={
        <span class="hook-title">
          <a class="breakable" href={href(['hooks', id])}>
            {id}
          </a>
          <Badge tone={health.tone}>{health.word}</Badge>
        </span>
      }
      actions={
        deadLetters > 0 && (
          <a class="button button-small" href={href(['hooks', id])}>
            {count(deadLetters)} dead {deadLetters === 1 ? 'letter' : 'letters'}
          </a>
        )
      }
    >
      <WebhookFacts webhook={webhook} />
    </Card>
  )
}

function NoneYet() {
  return (
    <Card>
      <Empty title="No webhook is set up">
        An administrator <a href={hrefOfEntry('webhooks')}>sets one up in the directory</a>. Where that is a
        file: give the organization a list <code>webhooks</code> in it, each with an <code>id</code>, a{' '}
        <code>url</code>, a <code>secret</code> that begins with <code>whsec_</code>, and the{' '}
        <code>events</code> it wants, such as <code>["*"]</code>. It is read again when it changes.
      </Empty>
    </Card>
  )
}
