import type { ConnectionInSight } from '@rollcall/protocol/command'
import type { UserEndpointInSight } from '../../api/api.ts'
import { count } from '../../format.ts'
import { href } from '../../routes.ts'
import { Badge } from '../../ui/badge.tsx'
import { ConfirmButton } from '../../ui/confirm.tsx'
import { Time, Until, useNow } from '../../ui/time.tsx'
import { carriedBy } from './link.ts'

/** One of somebody's endpoints: its state, until when, and who holds its connection. */
export function Device({
  userId,
  endpoint,
  onKick,
}: {
  readonly userId: string
  readonly endpoint: UserEndpointInSight
  readonly onKick: () => void
}) {
  const { id, connected, mailboxDepth, link } = endpoint
  return (
    <section class="card device">
      <header>
        <h3>
          <bdi class="mono">{id}</bdi>
        </h3>
        <Badge tone={connected ? 'good' : 'busy'}>{connected ? 'Connected' : 'Not connected'}</Badge>
      </header>
      <Lifetime endpoint={endpoint} />
      <dl class="facts">
        <dt>Registered</dt>
        <dd>
          <Time at={endpoint.registeredAt} relative />
        </dd>
        <dt>Kept alive</dt>
        <dd>
          <Time at={endpoint.lastKeepAliveAt} relative />
          <span class="quiet">
            , every {endpoint.keepAliveSeconds} s at the latest, reminder{' '}
            {endpoint.serverKeepAliveReminderOn ? 'on' : 'off'}
          </span>
        </dd>
        <dt>Mailbox</dt>
        <dd>
          {mailboxDepth === 0
            ? 'empty'
            : `${count(mailboxDepth)} ${mailboxDepth === 1 ? 'event waits' : 'events wait'}`}
        </dd>
        {link !== undefined && <LinkFacts link={link} />}
      </dl>
      <footer class="row">
        <a class="button button-small" href={href(['send', userId], { userEndpointId: id })}>
          Send to this device
        </a>
        <ConfirmButton question="Discard what waits and disconnect" onConfirm={onKick}>
          Kick
        </ConfirmButton>
      </footer>
    </section>
  )
}

function LinkFacts({ link }: { readonly link: ConnectionInSight }) {
  return (
    <>
      <dt>Connected</dt>
      <dd>
        <Time at={link.connectedAt} relative />
        <span class="quiet"> with {carriedBy(link)}</span>
      </dd>
      <dt>Client id</dt>
      <dd>{link.clientId === '' ? 'none' : <bdi class="mono">{link.clientId}</bdi>}</dd>
      {link.node !== undefined && (
        <>
          <dt>Node</dt>
          <dd>
            <a class="breakable" href={href(['nodes'])}>
              {link.node}
            </a>
          </dd>
        </>
      )}
      {link.userAgent !== undefined && (
        <>
          <dt>Program</dt>
          <dd class="small">{link.userAgent}</dd>
        </>
      )}
    </>
  )
}

/** How much of the time until the registration ends is left. */
function Lifetime({ endpoint: { expiresAt, keepAliveSeconds } }: { readonly endpoint: UserEndpointInSight }) {
  const leftMs = Date.parse(expiresAt) - useNow(1_000)
  const share = Math.min(1, Math.max(0, leftMs / (keepAliveSeconds * 1_000)))
  return (
    <div class="lifetime">
      <span class="lifetime-bar" aria-hidden="true">
        <i style={{ width: `${(share * 100).toFixed(1)}%` }} />
      </span>
      <span class="small">
        Expires in{' '}
        <strong class="number">
          <Until at={expiresAt} past="a moment" />
        </strong>
      </span>
    </div>
  )
}
