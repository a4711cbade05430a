import { CLAIM_LEASE_MS } from '../../bounds.ts'
import { replyDigest } from '../../reply-digest.ts'
import type { Claim, ClaimOutcome, Reply, ReplyStore, UserKey } from '../../store.ts'
import { isYes, list, number, optional, text } from '../connection/answers.ts'
import { refused } from '../connection/refusals.ts'
import type { Answer } from '../connection/wire.ts'
import { atName, atUser, type Engine, earliest } from '../engine.ts'
import { nameOf } from '../known.ts'
import { timeGoesOn } from '../sweep.ts'
import { tokensMax } from './append.ts'

const PRUNED_MAX = 1_000
/** Begins what stands in the place of a key where only its digest is known: no caller can send it. */
const MOVED = '\0'

/** Claims of this process whose recipient is remembered. */
const RECIPIENTS_MAX = 100_000

/** To whom what is under way is sent, so that its token can be forgotten there. */
class Recipients {
  readonly #byToken = new Map<string, UserKey>()

  add({ token }: Claim, recipient: UserKey): void {
    this.#byToken.set(token, recipient)
    const [oldest] = this.#byToken.keys()
    // Of the one that goes the token is forgotten in time.
    if (this.#byToken.size > RECIPIENTS_MAX && oldest !== undefined) this.#byToken.delete(oldest)
  }

  take({ token }: Claim): UserKey | undefined {
    const recipient = this.#byToken.get(token)
    this.#byToken.delete(token)
    return recipient
  }
}

/** With how many replies were forgotten before their time. */
export type RedisReplies = ReplyStore & { evicted(): number }

export function redisReplies(engine: Engine): RedisReplies {
  const recipients = new Recipients()
  let evicted = 0
  return {
    async claim(claim, recipient) {
      const outcome = await beginClaim(engine, claim, recipient)
      if (outcome.kind === 'claimed') recipients.add(claim, recipient)
      return outcome
    },
    async resolve(recipient, token) {
      const args = [token, tokensMax(engine.partitions.count)]
      return optional(await atUser(engine, 'durable', 'token_resolve', recipient, args), toReply)
    },
    async answer(claim, reply) {
      const { eventId, count } = reply
      const untilWallMs = engine.serviceTime.wall.latestMs() + claim.rememberMs
      const args = [...namesOf(claim), eventId, count, untilWallMs]
      const isEnded = isYes(await atUser(engine, 'durable', 'key_answer', claim.owner, args))
      forgetToken(engine, claim, recipients.take(claim))
      // Not in one line: `evicted` would be read before what others add meanwhile.
      const gone = isEnded ? await keepBound(engine) : 0
      evicted += gone
    },
    async release(claim) {
      recipients.take(claim)
      await atUser(engine, 'durable', 'key_release', claim.owner, namesOf(claim))
    },
    evicted: () => evicted,
  }
}

async function beginClaim(engine: Engine, claim: Claim, recipient: UserKey): Promise<ClaimOutcome> {
  const { known, bookBounds } = engine
  const isFull = () => known.claims >= bookBounds.idempotencyKeysMax
  if (isFull()) await forgetLapsed(engine)
  if (isFull()) throw refused('Too many idempotency keys are under way.')
  const { organizationId, userId } = recipient
  const moved = movedKeyOf(replyDigest(claim.owner, claim.key))
  const terms = [claim.rememberMs, organizationId, userId, CLAIM_LEASE_MS, earliest(engine), moved]
  const args = [...namesOf(claim), ...terms]
  return toOutcome(claim, await atUser(engine, 'durable', 'key_claim', claim.owner, args))
}

/** Nobody has come back to these for longer than the key would have been remembered. */
async function forgetLapsed(engine: Engine): Promise<void> {
  await Promise.all(engine.partitions.all.map((partition) => timeGoesOn(engine, partition, PRUNED_MAX)))
}

function toOutcome({ owner, key }: Claim, answer: Answer): ClaimOutcome {
  const [kind, ...rest] = list(answer)
  switch (text(kind)) {
    case 'known':
      return { kind: 'known', reply: toReply(rest) }
    case 'claimed':
      return { kind: 'claimed' }
    case 'lapsed': {
      const claim = { owner, key, token: text(rest[0]), rememberMs: number(rest[1]) }
      return { kind: 'lapsed', claim, recipient: { organizationId: text(rest[2]), userId: text(rest[3]) } }
    }
    default:
      return { kind: 'busy' }
  }
}

function toReply(answer: Answer): Reply {
  const [eventId, count] = list(answer)
  return { eventId: text(eventId), count: number(count) }
}

/** At the recipient's it is needed no longer. Where that is not heard, it is forgotten in time. */
function forgetToken(engine: Engine, { token }: Claim, recipient: UserKey | undefined): void {
  if (recipient === undefined) return
  atUser(engine, 'quick', 'token_forget', recipient, [token]).catch(() => undefined)
}

/** Past the bound the oldest reply of whoever has the most goes. Returns how many. */
async function keepBound(engine: Engine): Promise<number> {
  const { known, bookBounds } = engine
  let gone = 0
  while (known.owners.total > bookBounds.idempotencyKeysMax) {
    const owner = known.owners.largest()
    if (owner === undefined) break
    const count = number(await atName(engine, 'quick', 'key_evict', owner, [owner]))
    if (count === 0) break
    gone += count
  }
  return gone
}

/** What a reply that another store has given is kept by. */
export function movedKeyOf(digest: Uint8Array): string {
  return `${MOVED}${Buffer.from(digest).toString('base64url')}`
}

/** The digest of a key that replies are kept by. */
export function digestOf(owner: UserKey, key: string): Buffer {
  if (!key.startsWith(MOVED)) return replyDigest(owner, key)
  return Buffer.from(key.slice(MOVED.length), 'base64url')
}

function namesOf({ owner, key, token }: Claim): readonly string[] {
  return [nameOf(owner), key, token]
}
