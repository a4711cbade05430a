import type { ServiceTime } from '../../../clock/clock.ts'
import type { BookBounds } from '../../bounds.ts'
import { Claims, Tokens } from '../../claims.ts'
import { type Holding, Shares } from '../../shares.ts'
import type { Claim, IdempotencyKey, Reply, ReplyStore, UserKey } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

/** What the callers' partitions have, claims and replies, and what the recipients' have, outcomes by token. */
export class ReplyBook {
  readonly claims: Claims
  readonly tokens = new Tokens()
  readonly serviceTime: ServiceTime
  readonly #replies = new Map<
    string,
    Reply & { readonly expiresAtWallMs: number; readonly holding: Holding }
  >()
  readonly #shares: Shares
  readonly #max: number
  /** Forgotten before their time, because there were too many. */
  evicted = 0

  constructor(bounds: BookBounds, serviceTime: ServiceTime) {
    this.claims = new Claims(bounds.idempotencyKeysMax)
    this.serviceTime = serviceTime
    this.#shares = new Shares(bounds)
    this.#max = bounds.idempotencyKeysMax
  }

  get({ owner, key }: IdempotencyKey): Reply | undefined {
    const found = this.#replies.get(keyOf(owner, key))
    if (found === undefined || this.serviceTime.wall.earliestMs() >= found.expiresAtWallMs) return undefined
    return { eventId: found.eventId, count: found.count }
  }

  remember({ owner, key, rememberMs }: IdempotencyKey, reply: Reply): void {
    const name = keyOf(owner, key)
    this.#forget(name)
    const expiresAtWallMs = this.serviceTime.wall.latestMs() + rememberMs
    this.#replies.set(name, { ...reply, expiresAtWallMs, holding: this.#shares.add(owner, name) })
    this.evicted += this.#shares.keepWithin(this.#max, (oldest) => this.#forget(oldest))
  }

  /** At the recipient's: the append was done. */
  appended({ token }: Claim, reply: Reply): void {
    this.tokens.add(token, reply, this.serviceTime.nowMs())
  }

  /** Forgets all replies of a caller. Returns how many. */
  erase({ organizationId, userId }: UserKey): number {
    const beginning = JSON.stringify([organizationId, userId]).slice(0, -1)
    const own = [...this.#replies.keys()].filter((name) => name.startsWith(`${beginning},`))
    for (const name of own) this.#forget(name)
    return own.length
  }

  #forget(name: string): void {
    const known = this.#replies.get(name)
    if (known === undefined) return
    this.#replies.delete(name)
    this.#shares.remove(known.holding, name)
  }
}

export function memoryReplies(book: ReplyBook, gate: Gate): ReplyStore {
  const { claims, tokens, serviceTime } = book
  return {
    async claim(claim, recipient) {
      assertOpen(gate)
      const reply = book.get(claim)
      if (reply !== undefined) return { kind: 'known', reply }
      return claims.begin(claim, recipient, serviceTime.nowMs())
    },
    async resolve(_recipient, token) {
      assertOpen(gate)
      return tokens.resolve(token, serviceTime.nowMs())
    },
    async answer(claim, reply) {
      assertOpen(gate)
      if (!claims.end(claim)) return
      book.remember(claim, reply)
      tokens.forget(claim.token)
    },
    async release(claim) {
      assertOpen(gate)
      claims.end(claim)
    },
  }
}

function keyOf(owner: UserKey, key: string): string {
  return JSON.stringify([owner.organizationId, owner.userId, key])
}
