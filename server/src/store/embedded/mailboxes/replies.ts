import type { BookBounds } from '../../bounds.ts'
import { type Holding, Shares } from '../../shares.ts'
import type { IdempotencyKey, Reply, ReplyStore, UserKey } from '../../store.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import type { Journal } from '../journal/journal.ts'
import { digestKey } from '../keys.ts'
import type { Rows } from '../rows.ts'

type Remembered = Reply & {
  readonly expiresAtWallMs: number
  /** The commit that holds it: before that is durable, nobody is told. */
  readonly commit: number
  readonly holding: Holding
}

/** Whose rows of former versions are, which do not say it. */
const UNKNOWN: UserKey = { organizationId: '', userId: '' }

/** Answers by the digest of caller and key, oldest first; in memory and on disk. */
export class ReplyBook {
  readonly #journal: Journal
  readonly #replies = new Map<string, Remembered>()
  readonly #shares: Shares
  readonly #max: number
  /** Forgotten before their time, because there were too many. */
  evicted = 0

  constructor(journal: Journal, bounds: BookBounds) {
    this.#journal = journal
    this.#shares = new Shares(bounds)
    this.#max = bounds.idempotencyKeysMax
  }

  async load(rows: Rows): Promise<void> {
    const loaded: [string, UserKey, Omit<Remembered, 'holding'>][] = []
    await rows.scan('answers', (key, value) => {
      const row = new FieldReader(value)
      const reply = { expiresAtWallMs: row.number(), count: row.number(), eventId: row.text(), commit: 0 }
      const owner = row.isAtEnd ? UNKNOWN : { organizationId: row.text(), userId: row.text() }
      loaded.push([Buffer.from(key).toString('latin1'), owner, reply])
    })
    loaded.sort(([, , a], [, , b]) => a.expiresAtWallMs - b.expiresAtWallMs)
    for (const [digest, owner, reply] of loaded)
      this.#replies.set(digest, { ...reply, holding: this.#shares.add(owner, digest) })
  }

  get(owner: UserKey, key: string): Remembered | undefined {
    return this.#replies.get(rowKey(owner, key).toString('latin1'))
  }

  /** Remembers a reply with the changes that the journal takes now. */
  remember({ owner, key, expiresAtWallMs }: IdempotencyKey, { eventId, count }: Reply): void {
    const row = rowKey(owner, key)
    const digest = row.toString('latin1')
    this.#drop(digest)
    const holding = this.#shares.add(owner, digest)
    const commit = this.#journal.commitNumber
    this.#replies.set(digest, { eventId, count, expiresAtWallMs, commit, holding })
    const { organizationId, userId } = owner
    this.#journal.put('answers', row, encodeFields([expiresAtWallMs, count, eventId, organizationId, userId]))
    while (this.#replies.size > this.#max) {
      this.evicted++
      this.#forget(this.#shares.leaving() ?? digest)
    }
  }

  /** Forgets the oldest replies whose time is over, at most `max`. */
  prune(nowWallMs: number, max: number): void {
    let left = max
    for (const [digest, { expiresAtWallMs }] of this.#replies) {
      if (nowWallMs < expiresAtWallMs || left-- <= 0) return
      this.#forget(digest)
    }
  }

  #drop(digest: string): void {
    const known = this.#replies.get(digest)
    if (known === undefined) return
    this.#replies.delete(digest)
    this.#shares.remove(known.holding, digest)
  }

  #forget(digest: string): void {
    this.#drop(digest)
    this.#journal.remove('answers', Buffer.from(digest, 'latin1'))
  }
}

export function embeddedReplies(replies: ReplyBook, journal: Journal): ReplyStore {
  return {
    evicted: () => replies.evicted,
    async find(owner, key, nowWallMs) {
      journal.assertReadable()
      const found = replies.get(owner, key)
      if (found === undefined || nowWallMs >= found.expiresAtWallMs) return undefined
      if (!journal.isDurable(found.commit)) await journal.durable()
      return { eventId: found.eventId, count: found.count }
    },
  }
}

function rowKey(owner: UserKey, key: string): Buffer {
  return digestKey(owner.organizationId, owner.userId, key)
}
