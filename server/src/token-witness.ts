import type { Audit, AuditRecord } from './audit/audit.ts'
import type { TokenVisitor, Witness } from './auth/auth.ts'
import type { Metrics } from './observe/observe.ts'
import type { Store } from './store/store.ts'

type Told = {
  readonly audit: Pick<Audit, 'record'>
  readonly metrics: Pick<Metrics, 'signInLocked' | 'revocationsMerged'>
  readonly store: { readonly feed: Pick<Store['feed'], 'noteSignInLocked'> }
}

/**
 * Writes down what happens at the token endpoints, and tells of sign-ins that are held off: the operator by a metric, the
 * user's organization by its webhooks. A refresh goes on with a sign-in that was written down.
 */
export function tokenWitness({ audit, metrics, store }: Told): Witness {
  return {
    revocationsMerged: (count) => metrics.revocationsMerged(count),
    signedIn(visitor) {
      if (visitor.grant !== 'refresh_token') audit.record(recordOf('sign_in', 'done', visitor))
    },
    failed: (visitor, code) => audit.record(recordOf('sign_in', code, visitor)),
    tokenRevoked: (visitor) => audit.record(recordOf('revoke_token', 'done', visitor)),
    heldOff(visitor) {
      const { organizationId, userId } = visitor.user
      metrics.signInLocked()
      audit.record(recordOf('sign_ins_held_off', 'rate_limited', visitor))
      // Where the store does not take it, the metric and the audit have it all the same.
      if (organizationId !== null)
        store.feed.noteSignInLocked({ organizationId, userId }).catch(() => undefined)
    },
  }
}

function recordOf(
  action: AuditRecord['action'],
  outcome: string,
  { remoteAddress, grant, clientId, user }: TokenVisitor,
): AuditRecord {
  return {
    ...{ action, outcome, address: remoteAddress },
    ...(clientId === undefined ? {} : { clientId }),
    ...(grant === undefined ? {} : { grant }),
    ...user,
  }
}
