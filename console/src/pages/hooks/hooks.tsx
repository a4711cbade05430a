import type { ComponentChildren } from 'preact'
import { href } from '../../routes.ts'
import type { Scope } from '../../session/scope.ts'
import { Empty } from '../../ui/empty.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { WebhookList } from './webhook-list.tsx'
import { WebhookPage } from './webhook-page.tsx'

/** The webhooks of an organization, or one of them with what it did not take. */
export function HooksPage({
  webhookId,
  ...scope
}: Scope & {
  /** `undefined`: all of them. */
  readonly webhookId: string | undefined
}) {
  if (scope.session.sight === 'own')
    return (
      <Nothing title="Webhooks concern the whole organization">
        They are for its backends and administrators. You can see{' '}
        <a href={href(['people', scope.session.name])}>your own devices</a>.
      </Nothing>
    )
  if (scope.organizationId === undefined)
    return (
      <Nothing title="Which organization?">
        Name it at the top of the page: each has its own webhooks.
      </Nothing>
    )
  if (webhookId === undefined) return <WebhookList {...scope} />
  return <WebhookPage key={`${scope.organizationId} ${webhookId}`} webhookId={webhookId} {...scope} />
}

function Nothing({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <Page title="Hooks">
      <Card>
        <Empty title={title}>{children}</Empty>
      </Card>
    </Page>
  )
}
