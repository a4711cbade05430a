import { RollcallError } from '@rollcall/protocol/error-code'
import { REVOKED_TOKENS_MAX } from '../bounds.ts'
import type { RevokedToken, RevokedTokenStore } from '../store.ts'
import { encodeFields, FieldReader } from './fields.ts'
import type { Journal } from './journal.ts'
import { digestKey } from './keys.ts'
import { Rounds } from './rounds.ts'
import type { Rows } from './rows.ts'

/** Revoked tokens in memory and on disk. */
export class RevocationBook {
  readonly #journal: Journal
  readonly #untilWallMs = new Map<string, number>()
  readonly #rounds = new Rounds(this.#untilWallMs)

  constructor(journal: Journal) {
    this.#journal = journal
  }

  async load(rows: Rows): Promise<void> {
    await rows.scan('revoked', (_key, value) => {
      const row = new FieldReader(value)
      this.#untilWallMs.set(row.text(), row.number())
    })
  }

  add({ tokenKey, untilWallMs }: RevokedToken): void {
    const known = this.#untilWallMs.get(tokenKey)
    if (known === undefined && this.#untilWallMs.size >= REVOKED_TOKENS_MAX)
      throw new RollcallError('unavailable', 'Too many tokens are revoked at once.')
    const until = Math.max(untilWallMs, known ?? 0)
    this.#untilWallMs.set(tokenKey, until)
    this.#journal.put('revoked', digestKey(tokenKey), encodeFields([tokenKey, until]))
  }

  list(nowWallMs: number): readonly RevokedToken[] {
    const all = [...this.#untilWallMs].map(([tokenKey, untilWallMs]) => ({ tokenKey, untilWallMs }))
    return all.filter((token) => nowWallMs < token.untilWallMs)
  }

  /** Drops those that need not be remembered any more among the next `max`, going round. */
  prune(nowWallMs: number, max: number): void {
    for (const [tokenKey, untilWallMs] of this.#rounds.next(max)) {
      if (nowWallMs < untilWallMs) continue
      this.#untilWallMs.delete(tokenKey)
      this.#journal.remove('revoked', digestKey(tokenKey))
    }
  }
}

export function embeddedRevokedTokens(revoked: RevocationBook, journal: Journal): RevokedTokenStore {
  return {
    async add(token) {
      journal.assertWritable()
      revoked.add(token)
      await journal.durable()
    },
    async list(nowWallMs) {
      journal.assertOpen()
      return revoked.list(nowWallMs)
    },
  }
}
