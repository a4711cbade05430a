import { ANSWERS_MAX } from '../bounds.ts'
import type { Answer, AnswerStore, IdempotencyKey, UserKey } from '../store.ts'
import { encodeFields, FieldReader } from './fields.ts'
import type { Journal } from './journal.ts'
import { digestKey } from './keys.ts'
import type { Rows } from './rows.ts'

type Remembered = Answer & {
  readonly expiresAtWallMs: number
  /** The journal batch that holds it: before that is durable, nobody is told. */
  readonly batch: number
}

/** Answers by the digest of caller and key, oldest first; in memory and on disk. */
export class AnswerBook {
  readonly #journal: Journal
  readonly #answers = new Map<string, Remembered>()

  constructor(journal: Journal) {
    this.#journal = journal
  }

  async load(rows: Rows): Promise<void> {
    const loaded: [string, Remembered][] = []
    await rows.scan('answers', (key, value) => {
      const row = new FieldReader(value)
      const answer = { expiresAtWallMs: row.number(), count: row.number(), eventId: row.text(), batch: 0 }
      loaded.push([Buffer.from(key).toString('latin1'), answer])
    })
    loaded.sort(([, a], [, b]) => a.expiresAtWallMs - b.expiresAtWallMs)
    for (const [digest, answer] of loaded) this.#answers.set(digest, answer)
  }

  get(owner: UserKey, key: string): Remembered | undefined {
    return this.#answers.get(rowKey(owner, key).toString('latin1'))
  }

  /** Remembers an answer with the changes that the journal takes now. */
  remember({ owner, key, expiresAtWallMs }: IdempotencyKey, { eventId, count }: Answer): void {
    const row = rowKey(owner, key)
    const digest = row.toString('latin1')
    this.#answers.delete(digest)
    this.#answers.set(digest, { eventId, count, expiresAtWallMs, batch: this.#journal.batchNumber })
    this.#journal.put('answers', row, encodeFields([expiresAtWallMs, count, eventId]))
    for (const oldest of this.#answers.keys()) {
      if (this.#answers.size <= ANSWERS_MAX) break
      this.#forget(oldest)
    }
  }

  /** Forgets the oldest answers whose time is over, at most `max`. */
  prune(nowWallMs: number, max: number): void {
    let left = max
    for (const [digest, { expiresAtWallMs }] of this.#answers) {
      if (nowWallMs < expiresAtWallMs || left-- <= 0) return
      this.#forget(digest)
    }
  }

  #forget(digest: string): void {
    this.#answers.delete(digest)
    this.#journal.remove('answers', Buffer.from(digest, 'latin1'))
  }
}

export function embeddedAnswers(answers: AnswerBook, journal: Journal): AnswerStore {
  return {
    async find(owner, key, nowWallMs) {
      journal.assertReadable()
      const found = answers.get(owner, key)
      if (found === undefined || nowWallMs >= found.expiresAtWallMs) return undefined
      if (!journal.isDurable(found.batch)) await journal.durable()
      return { eventId: found.eventId, count: found.count }
    },
  }
}

function rowKey(owner: UserKey, key: string): Buffer {
  return digestKey(owner.organizationId, owner.userId, key)
}
