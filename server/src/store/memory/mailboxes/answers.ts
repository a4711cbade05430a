import type { BookBounds } from '../../bounds.ts'
import { type Holding, Shares } from '../../shares.ts'
import type { Answer, AnswerStore, IdempotencyKey, UserKey } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'

/** Answers by caller and key. */
export class AnswerBook {
  readonly #answers = new Map<
    string,
    Answer & { readonly expiresAtWallMs: number; readonly holding: Holding }
  >()
  readonly #shares: Shares
  readonly #max: number
  /** Forgotten before their time, because there were too many. */
  evicted = 0

  constructor(bounds: BookBounds) {
    this.#shares = new Shares(bounds)
    this.#max = bounds.idempotencyKeysMax
  }

  get(owner: UserKey, key: string, nowWallMs: number): Answer | undefined {
    const found = this.#answers.get(keyOf(owner, key))
    if (found === undefined || nowWallMs >= found.expiresAtWallMs) return undefined
    return { eventId: found.eventId, count: found.count }
  }

  remember({ owner, key, expiresAtWallMs }: IdempotencyKey, answer: Answer): void {
    const name = keyOf(owner, key)
    this.#forget(name)
    this.#answers.set(name, { ...answer, expiresAtWallMs, holding: this.#shares.add(owner, name) })
    while (this.#answers.size > this.#max) {
      this.evicted++
      this.#forget(this.#shares.leaving() ?? name)
    }
  }

  #forget(name: string): void {
    const known = this.#answers.get(name)
    if (known === undefined) return
    this.#answers.delete(name)
    this.#shares.remove(known.holding, name)
  }
}

export function memoryAnswers(answers: AnswerBook, gate: Gate): AnswerStore {
  return {
    evicted: () => answers.evicted,
    async find(owner, key, nowWallMs) {
      assertOpen(gate)
      return answers.get(owner, key, nowWallMs)
    },
  }
}

function keyOf(owner: UserKey, key: string): string {
  return JSON.stringify([owner.organizationId, owner.userId, key])
}
