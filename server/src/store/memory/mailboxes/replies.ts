import type { BookBounds } from '../../bounds.ts'
import { type Holding, Shares } from '../../shares.ts'
import type { IdempotencyKey, Reply, ReplyStore, UserKey } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

/** Answers by caller and key. */
export class ReplyBook {
  readonly #replies = new Map<
    string,
    Reply & { readonly expiresAtWallMs: number; readonly holding: Holding }
  >()
  readonly #shares: Shares
  readonly #max: number
  /** Forgotten before their time, because there were too many. */
  evicted = 0

  constructor(bounds: BookBounds) {
    this.#shares = new Shares(bounds)
    this.#max = bounds.idempotencyKeysMax
  }

  get(owner: UserKey, key: string, nowWallMs: number): Reply | undefined {
    const found = this.#replies.get(keyOf(owner, key))
    if (found === undefined || nowWallMs >= found.expiresAtWallMs) return undefined
    return { eventId: found.eventId, count: found.count }
  }

  remember({ owner, key, expiresAtWallMs }: IdempotencyKey, reply: Reply): void {
    const name = keyOf(owner, key)
    this.#forget(name)
    this.#replies.set(name, { ...reply, expiresAtWallMs, holding: this.#shares.add(owner, name) })
    while (this.#replies.size > this.#max) {
      this.evicted++
      this.#forget(this.#shares.leaving() ?? name)
    }
  }

  #forget(name: string): void {
    const known = this.#replies.get(name)
    if (known === undefined) return
    this.#replies.delete(name)
    this.#shares.remove(known.holding, name)
  }
}

export function memoryReplies(replies: ReplyBook, gate: Gate): ReplyStore {
  return {
    evicted: () => replies.evicted,
    async find(owner, key, nowWallMs) {
      assertOpen(gate)
      return replies.get(owner, key, nowWallMs)
    },
  }
}

function keyOf(owner: UserKey, key: string): string {
  return JSON.stringify([owner.organizationId, owner.userId, key])
}
