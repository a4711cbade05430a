import { RollcallError } from '@rollcall/protocol/error-code'
import { type BookBounds, REVOCATIONS_SLACK } from '../../bounds.ts'
import type { RevokedToken, RevokedTokenStore } from '../../store.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import type { Journal } from '../journal/journal.ts'
import { digestKey } from '../keys.ts'
import { Rounds } from '../rounds.ts'
import type { Rows } from '../rows.ts'

/** Revoked tokens in memory and on disk. */
export class RevocationBook {
  readonly #journal: Journal
  readonly #tokens = new Map<string, RevokedToken>()
  readonly #rounds = new Rounds(this.#tokens)
  readonly #max: number

  constructor(journal: Journal, { revocationsMax }: BookBounds) {
    this.#journal = journal
    this.#max = REVOCATIONS_SLACK * revocationsMax
  }

  async load(rows: Rows): Promise<void> {
    await rows.scan('revoked', (_key, value) => {
      const row = new FieldReader(value)
      const [tokenKey, untilWallMs] = [row.text(), row.number()]
      // Rows of earlier versions, and those whose owner is not known, end here.
      const owner = row.isAtEnd ? {} : { owner: { organizationId: row.text(), userId: row.text() } }
      this.#tokens.set(tokenKey, { tokenKey, untilWallMs, ...owner })
    })
  }

  add(token: RevokedToken): void {
    const { tokenKey } = token
    const known = this.#tokens.get(tokenKey)
    if (known === undefined && this.#tokens.size >= this.#max)
      throw new RollcallError('unavailable', 'Too many tokens are revoked at once.')
    const untilWallMs = Math.max(token.untilWallMs, known?.untilWallMs ?? 0)
    const { owner } = known ?? token
    this.#tokens.set(tokenKey, { tokenKey, untilWallMs, ...(owner === undefined ? {} : { owner }) })
    const whose = owner === undefined ? [] : [owner.organizationId, owner.userId]
    this.#journal.put('revoked', digestKey(tokenKey), encodeFields([tokenKey, untilWallMs, ...whose]))
  }

  remove(tokenKeys: readonly string[]): void {
    for (const tokenKey of tokenKeys)
      if (this.#tokens.delete(tokenKey)) this.#journal.remove('revoked', digestKey(tokenKey))
  }

  list(nowWallMs: number): readonly RevokedToken[] {
    return [...this.#tokens.values()].filter(({ untilWallMs }) => nowWallMs < untilWallMs)
  }

  /** Drops those that need not be remembered any more among the next `max`, going round. */
  prune(nowWallMs: number, max: number): void {
    for (const [tokenKey, { untilWallMs }] of this.#rounds.next(max))
      if (nowWallMs >= untilWallMs) this.remove([tokenKey])
  }
}

export function embeddedRevokedTokens(revoked: RevocationBook, journal: Journal): RevokedTokenStore {
  return {
    async add(token) {
      journal.assertWritable()
      revoked.add(token)
      await journal.durable()
    },
    remove(tokenKeys) {
      if (journal.isOpen) revoked.remove(tokenKeys)
    },
    async list(nowWallMs) {
      journal.assertOpen()
      return revoked.list(nowWallMs)
    },
  }
}
