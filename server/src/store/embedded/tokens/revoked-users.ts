import { RollcallError } from '@rollcall/protocol/error-code'
import { type BookBounds, REVOCATIONS_SLACK } from '../../bounds.ts'
import type { RevokedUserStore, UserRevocation } from '../../store.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import type { Journal } from '../journal/journal.ts'
import { userName, userRowKey } from '../keys.ts'
import { Rounds } from '../rounds.ts'
import type { Rows } from '../rows.ts'

/** Users whose tokens were revoked, in memory and on disk. */
export class UserRevocationBook {
  readonly #journal: Journal
  readonly #revocations = new Map<string, UserRevocation>()
  readonly #rounds = new Rounds(this.#revocations)
  readonly #max: number

  constructor(journal: Journal, { revocationsMax }: BookBounds) {
    this.#journal = journal
    this.#max = REVOCATIONS_SLACK * revocationsMax
  }

  async load(rows: Rows): Promise<void> {
    await rows.scan('revokedUsers', (_key, value) => {
      const row = new FieldReader(value)
      const user = { organizationId: row.text(), userId: row.text() }
      this.#revocations.set(userName(user), {
        ...user,
        notBeforeWallMs: row.number(),
        untilWallMs: row.number(),
      })
    })
  }

  add({ organizationId, userId, notBeforeWallMs, untilWallMs }: UserRevocation): void {
    const name = userName({ organizationId, userId })
    const known = this.#revocations.get(name)
    if (known === undefined && this.#revocations.size >= this.#max)
      throw new RollcallError('unavailable', 'Too many users are revoked at once.')
    const revocation = {
      organizationId,
      userId,
      notBeforeWallMs: Math.max(notBeforeWallMs, known?.notBeforeWallMs ?? 0),
      untilWallMs: Math.max(untilWallMs, known?.untilWallMs ?? 0),
    }
    this.#revocations.set(name, revocation)
    const fields = [organizationId, userId, revocation.notBeforeWallMs, revocation.untilWallMs]
    this.#journal.put('revokedUsers', userRowKey(name), encodeFields(fields))
  }

  list(nowWallMs: number): readonly UserRevocation[] {
    return [...this.#revocations.values()].filter(({ untilWallMs }) => nowWallMs < untilWallMs)
  }

  /** Drops those that need not be remembered any more among the next `max`, going round. */
  prune(nowWallMs: number, max: number): void {
    for (const [name, { untilWallMs }] of this.#rounds.next(max)) {
      if (nowWallMs < untilWallMs) continue
      this.#revocations.delete(name)
      this.#journal.remove('revokedUsers', userRowKey(name))
    }
  }
}

export function embeddedRevokedUsers(revoked: UserRevocationBook, journal: Journal): RevokedUserStore {
  return {
    async add(revocation) {
      journal.assertWritable()
      revoked.add(revocation)
      await journal.durable()
    },
    async list(nowWallMs) {
      journal.assertOpen()
      return revoked.list(nowWallMs)
    },
  }
}
