import { X509Certificate } from 'node:crypto'
import type { Notice } from '@rollcall/protocol/notices'
import type { Auth } from './auth/auth.ts'
import type { Clock } from './clock/clock.ts'
import type { Shedding } from './limits/limits.ts'
import type { RecentTroubles } from './recent-troubles.ts'
import type { Store } from './store/store.ts'
import type { Webhooks, WebhookView } from './webhooks/webhooks.ts'

/** What is wrong now, for those who look after an organization, or after all. */
export interface Notices {
  /** @param organizationId `null`: all of them. What concerns the server as a whole is told everybody. */
  read(organizationId: string | null): Promise<readonly Notice[]>
  /** The one that is shown from now on. */
  setCertificate(pem: string | Buffer): void
}

export type NoticesOptions = {
  readonly store: Pick<Store, 'failure' | 'warnings'>
  readonly shedding: Pick<Shedding, 'level'>
  readonly webhooks: Pick<Webhooks, 'list'>
  readonly auth: Pick<Auth, 'organizations'>
  readonly recent: Pick<RecentTroubles, 'read'>
  readonly clock: Pick<Clock, 'wallMs'>
}

/** Days before its end from which on a certificate is worth a word: whatever renews it has failed by then. */
const CERTIFICATE_DAYS = 14
const DAY_MS = 86_400_000
/** Of each kind; organizations whose webhooks are looked at for whoever sees all. */
const OF_KIND_MAX = 20
const ORGANIZATIONS_MAX = 200

export function watchNotices(options: NoticesOptions): Notices {
  let certificateEndsWallMs: number | undefined
  return {
    async read(organizationId) {
      const webhooks = await webhookNotices(options, organizationId)
      return [
        ...serverNotices(options),
        ...certificateNotice(certificateEndsWallMs, options.clock.wallMs()),
        ...recentNotices(options, organizationId),
        ...webhooks,
      ]
    },
    setCertificate(pem) {
      certificateEndsWallMs = Date.parse(new X509Certificate(pem).validTo)
    },
  }
}

function serverNotices({ store, shedding }: NoticesOptions): readonly Notice[] {
  const notices: Notice[] = store.warnings().map((kind) => ({ kind }))
  if (store.failure() !== undefined) notices.unshift({ kind: 'store_unwritable' })
  if (shedding.level !== 'calm') notices.push({ kind: shedding.level })
  return notices
}

function certificateNotice(endsWallMs: number | undefined, nowWallMs: number): readonly Notice[] {
  if (endsWallMs === undefined || endsWallMs - nowWallMs > CERTIFICATE_DAYS * DAY_MS) return []
  return [{ kind: 'certificate_ends', at: new Date(endsWallMs).toISOString() }]
}

function recentNotices({ recent }: NoticesOptions, organizationId: string | null): readonly Notice[] {
  const { mailboxFull, expiredLate } = recent.read(organizationId)
  return [
    ...(mailboxFull > 0 ? [{ kind: 'mailboxes_full', count: mailboxFull } as const] : []),
    ...(expiredLate > 0 ? [{ kind: 'expiries_late', count: expiredLate } as const] : []),
  ]
}

async function webhookNotices(
  { webhooks, auth }: NoticesOptions,
  organizationId: string | null,
): Promise<readonly Notice[]> {
  const all = [...auth.organizations().values()].filter((one) => one.webhooks.length > 0)
  const ids = organizationId === null ? all.map(({ id }) => id).slice(0, ORGANIZATIONS_MAX) : [organizationId]
  const failing: Notice[] = []
  const dead: Notice[] = []
  for (const id of ids)
    for (const webhook of await webhooks.list(id)) {
      const which = { organizationId: id, webhookId: webhook.id }
      if (isFailing(webhook))
        failing.push({ kind: 'webhook_failing', ...which, failure: webhook.lastFailure ?? '' })
      if (webhook.deadLetters > 0) dead.push({ kind: 'dead_letters', ...which, count: webhook.deadLetters })
    }
  return [...failing.slice(0, OF_KIND_MAX), ...dead.slice(0, OF_KIND_MAX)]
}

function isFailing({ enabled, lastFailureAtWallMs, lastSuccessAtWallMs = 0 }: WebhookView): boolean {
  return enabled && lastFailureAtWallMs !== undefined && lastFailureAtWallMs > lastSuccessAtWallMs
}
