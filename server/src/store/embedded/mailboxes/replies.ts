import type { ServiceTime } from '../../../clock/clock.ts'
import type { BookBounds } from '../../bounds.ts'
import { Claims, Tokens } from '../../claims.ts'
import { replyDigest } from '../../reply-digest.ts'
import { type Holding, Shares } from '../../shares.ts'
import type { Claim, Reply, ReplyStore, UserKey } from '../../store.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import type { Journal } from '../journal/journal.ts'
import type { Rows } from '../rows.ts'

type Remembered = Reply & {
  readonly expiresAtWallMs: number
  /** The commit that holds its row: before that is durable, nobody is told. `undefined`: it has none. */
  readonly commit: number | undefined
  readonly holding: Holding
}

/** Whose rows of former versions are, which do not say it. */
const UNKNOWN: UserKey = { organizationId: '', userId: '' }

/**
 * Replies by the digest of caller and key, oldest first; in memory, and on disk where an event is. Claims are in memory
 * only: they die with this process, as what was under way does. The callers' partitions and the recipients' are here both,
 * so that an append is answered in its own step.
 */
export class ReplyBook {
  readonly claims: Claims
  readonly tokens = new Tokens()
  readonly serviceTime: ServiceTime
  readonly #journal: Journal
  readonly #replies = new Map<string, Remembered>()
  readonly #digests = new WeakMap<Claim, string>()
  readonly #shares: Shares
  readonly #max: number
  /** Forgotten before their time, because there were too many. */
  evicted = 0

  constructor(journal: Journal, bounds: BookBounds, serviceTime: ServiceTime) {
    this.claims = new Claims(bounds.idempotencyKeysMax)
    this.serviceTime = serviceTime
    this.#journal = journal
    this.#shares = new Shares(bounds)
    this.#max = bounds.idempotencyKeysMax
  }

  async load(rows: Rows): Promise<void> {
    const loaded: [string, UserKey, Omit<Remembered, 'holding'>][] = []
    await rows.scan('answers', (key, value) => {
      const { owner, ...reply } = decodeReply(value)
      loaded.push([Buffer.from(key).toString('latin1'), owner, { ...reply, commit: 0 }])
    })
    loaded.sort(([, , a], [, , b]) => a.expiresAtWallMs - b.expiresAtWallMs)
    for (const [digest, owner, reply] of loaded)
      this.#replies.set(digest, { ...reply, holding: this.#shares.add(owner, digest) })
  }

  get(claim: Claim): Remembered | undefined {
    const found = this.#replies.get(this.#digestOf(claim))
    return found !== undefined && this.serviceTime.wall.earliestMs() < found.expiresAtWallMs
      ? found
      : undefined
  }

  /** The append was done: what comes of it is known to both sides, with the changes that the journal takes now. */
  appended(claim: Claim, reply: Reply): void {
    this.tokens.add(claim.token, reply, this.serviceTime.nowMs())
    const expiresAtWallMs = this.#remember(claim, reply, this.#journal.commitNumber)
    const digest = Buffer.from(this.#digestOf(claim), 'latin1')
    this.#journal.put('answers', digest, encodeReply({ ...reply, expiresAtWallMs, owner: claim.owner }))
    this.#keepBound()
  }

  /** Ends a claim with what was done otherwise than by an append. */
  answer(claim: Claim, reply: Reply): void {
    const isOver = !this.claims.end(claim) || this.tokens.forget(claim.token)
    if (isOver || this.get(claim) !== undefined) return
    this.#remember(claim, reply, undefined)
    this.#keepBound()
  }

  /** Returns until when. */
  #remember(claim: Claim, { eventId, count }: Reply, commit: number | undefined): number {
    const digest = this.#digestOf(claim)
    this.#forget(digest)
    const expiresAtWallMs = this.serviceTime.wall.latestMs() + claim.rememberMs
    const holding = this.#shares.add(claim.owner, digest)
    this.#replies.set(digest, { eventId, count, expiresAtWallMs, commit, holding })
    return expiresAtWallMs
  }

  /** Made once for a claim: it takes microseconds, and each claim is looked at three times. */
  #digestOf(claim: Claim): string {
    const known = this.#digests.get(claim)
    if (known !== undefined) return known
    const digest = replyDigest(claim.owner, claim.key).toString('latin1')
    this.#digests.set(claim, digest)
    return digest
  }

  #keepBound(): void {
    this.evicted += this.#shares.keepWithin(this.#max, (digest) => this.#forget(digest))
  }

  /** Forgets the oldest replies whose time is over, at most `max`. */
  prune(nowWallMs: number, max: number): void {
    let left = max
    for (const [digest, { expiresAtWallMs }] of this.#replies) {
      if (nowWallMs < expiresAtWallMs || left-- <= 0) return
      this.#forget(digest)
    }
  }

  /** Forgets all replies of a caller. Returns how many. */
  async erase(owner: UserKey, rows: Rows): Promise<number> {
    const digests = this.#shares.keysOf(owner) ?? (await digestsOf(owner, rows))
    for (const digest of digests) this.#forget(digest)
    return digests.length
  }

  #drop(digest: string): Remembered | undefined {
    const known = this.#replies.get(digest)
    if (known === undefined) return undefined
    this.#replies.delete(digest)
    this.#shares.remove(known.holding, digest)
    return known
  }

  #forget(digest: string): void {
    if (this.#drop(digest)?.commit !== undefined)
      this.#journal.remove('answers', Buffer.from(digest, 'latin1'))
  }
}

export function embeddedReplies(book: ReplyBook, journal: Journal): ReplyStore {
  const { claims, tokens, serviceTime } = book
  return {
    async claim(claim, recipient) {
      journal.assertReadable()
      const found = book.get(claim)
      if (found === undefined) return claims.begin(claim, recipient, serviceTime.nowMs())
      const { eventId, count, commit } = found
      if (commit !== undefined && !journal.isDurable(commit)) await journal.durable()
      return { kind: 'known', reply: { eventId, count } }
    },
    async resolve(_recipient, token) {
      journal.assertReadable()
      const reply = tokens.resolve(token, serviceTime.nowMs())
      if (reply !== undefined) await journal.durable()
      return reply
    },
    async answer(claim, reply) {
      journal.assertOpen()
      book.answer(claim, reply)
    },
    async release(claim) {
      journal.assertOpen()
      claims.end(claim)
    },
  }
}

/** Where callers are not told apart in memory: what their rows say. */
async function digestsOf({ organizationId, userId }: UserKey, rows: Rows): Promise<readonly string[]> {
  const digests: string[] = []
  await rows.scan('answers', (key, value) => {
    const { owner } = decodeReply(value)
    if (owner.organizationId === organizationId && owner.userId === userId)
      digests.push(Buffer.from(key).toString('latin1'))
  })
  return digests
}

/** A row of `answers`; its key is the digest of caller and key. */
export type ReplyRow = Reply & { readonly expiresAtWallMs: number; readonly owner: UserKey }

export function encodeReply({ expiresAtWallMs, count, eventId, owner }: ReplyRow): Buffer {
  return encodeFields([expiresAtWallMs, count, eventId, owner.organizationId, owner.userId])
}

export function decodeReply(value: Uint8Array): ReplyRow {
  const row = new FieldReader(value)
  const reply = { expiresAtWallMs: row.number(), count: row.number(), eventId: row.text() }
  return {
    ...reply,
    owner: row.isAtEnd ? UNKNOWN : { organizationId: row.text(), userId: row.text() },
  }
}
