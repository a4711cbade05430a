import { RollcallError } from '@rollcall/protocol/error-code'
import type { Claim, Reply, UserKey } from '../../../server/src/store/store.ts'
import type { Plant } from './process.ts'

/** A claim lapses so soon here, milliseconds, that clients live to see it. */
const LEASE_MS = 2_000
/** Of so many appends under a key the answer to one is lost. */
const LOST_EACH = 3

type Open = { readonly claim: Claim; readonly recipient: UserKey; readonly lapsesAtMs: number }

/**
 * Keys as a store has them whose partitions are apart: a caller's, with claims and replies, and a recipient's, with what came of
 * a token. The memory engine does both in one step, and so never needs to ask the recipient.
 *
 * @param recipientOf what a claim remembers of whom it is for
 */
export function twoPartitions(recipientOf: (recipient: UserKey) => UserKey): Plant {
  const open = new Map<string, Open>()
  const replies = new Map<string, Reply>()
  /** By recipient and token; `null`: void. */
  const outcomes = new Map<string, Reply | null>()
  let appends = 0
  const end = ({ owner, key, token }: Claim): void => {
    const name = nameOf(owner, key)
    if (open.get(name)?.claim.token === token) open.delete(name)
  }
  return (store, clock) => ({
    ...store,
    replies: {
      async claim(claim, recipient) {
        const name = nameOf(claim.owner, claim.key)
        const reply = replies.get(name)
        if (reply !== undefined) return { kind: 'known', reply }
        const known = open.get(name)
        if (known !== undefined && clock.monotonicMs() < known.lapsesAtMs) return { kind: 'busy' }
        if (known !== undefined) return { kind: 'lapsed', claim: known.claim, recipient: known.recipient }
        const lapsesAtMs = clock.monotonicMs() + LEASE_MS
        open.set(name, { claim, recipient: recipientOf(recipient), lapsesAtMs })
        return { kind: 'claimed' }
      },
      async resolve(recipient, token) {
        const name = nameOf(recipient, token)
        if (!outcomes.has(name)) outcomes.set(name, null)
        return outcomes.get(name) ?? undefined
      },
      async answer(claim, reply) {
        replies.set(nameOf(claim.owner, claim.key), reply)
        end(claim)
      },
      release: async (claim) => end(claim),
    },
    mailboxes: {
      ...store.mailboxes,
      async append({ idempotency, ...request }) {
        if (idempotency === undefined) return store.mailboxes.append(request)
        const name = nameOf(request, idempotency.token)
        if (outcomes.get(name) === null) throw new RollcallError('unavailable')
        const outcome = await store.mailboxes.append(request)
        const { eventId } = request.event
        outcomes.set(name, { eventId, count: outcome.accepted.length })
        if (++appends % LOST_EACH === 0)
          throw new RollcallError('unavailable', undefined, { isUndecided: true, eventId })
        return outcome
      },
    },
  })
}

function nameOf({ organizationId, userId }: UserKey, last: string): string {
  return `${organizationId}/${userId}/${last}`
}
