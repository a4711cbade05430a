import type { Clock } from '../clock/clock.ts'
import type { AuditAction, AuditLine, AuditRecord } from './audit-record.ts'

const PERIOD_MS = 60_000
/** Organizations of which it is told apart how much was not written. */
const TOLD_APART_MAX = 1_000

/** What changed something is written each time, however much else there is. */
const CHANGES: ReadonlySet<AuditAction> = new Set([
  'revoke_token',
  'revoke_user',
  'erase_user',
  'export_user',
  'kick_endpoint',
  'replay_dead_letters',
  'clear_dead_letters',
  'test_webhook',
  'add_entry',
  'change_entry',
  'remove_entry',
  'rotate_secret',
  'remove_former_secret',
  'node_came',
  'node_left',
  'node_gone',
])

type Kind = { readonly record: AuditRecord; count: number; readonly release: () => void }

/** Room for one more kind within a period, for whoever did it; what gives it back. `undefined`: there is none for it. */
export type TakeKind = (record: AuditRecord) => (() => void) | undefined

/**
 * Bounds how many lines there are: the first record of a kind is passed on at once, the same again within a minute is
 * counted, and passed on once with the count. Of kinds that there is no room for only the number is.
 */
export class Gathering {
  readonly #clock: Pick<Clock, 'wallMs'>
  readonly #write: (line: AuditLine) => void
  readonly #timer: { cancel(): void }
  #kinds = new Map<string, Kind>()
  #sinceWallMs: number
  readonly #take: TakeKind
  /** What was not written, by the organization of whoever did it; of strangers, who have none, by nothing. */
  #left = new Map<string, number>()

  constructor(clock: Pick<Clock, 'wallMs' | 'every'>, take: TakeKind, write: (line: AuditLine) => void) {
    this.#take = take
    this.#clock = clock
    this.#write = write
    this.#sinceWallMs = clock.wallMs()
    this.#timer = clock.every(PERIOD_MS, () => this.#end())
  }

  add(record: AuditRecord): void {
    if (record.outcome === 'done' && CHANGES.has(record.action)) this.#writeNow(record)
    else this.#gather(record)
  }

  /** Passes on what was counted. */
  close(): void {
    this.#timer.cancel()
    this.#end()
  }

  #gather(record: AuditRecord): void {
    const name = JSON.stringify(record)
    const kind = this.#kinds.get(name)
    if (kind !== undefined) {
      kind.count++
      return
    }
    const release = this.#take(record)
    if (release === undefined) {
      this.#leave(record)
      return
    }
    this.#kinds.set(name, { record, count: 0, release })
    this.#writeNow(record)
  }

  #leave({ callerOrganizationId }: AuditRecord): void {
    const isTold =
      callerOrganizationId != null &&
      (this.#left.size < TOLD_APART_MAX || this.#left.has(callerOrganizationId))
    const whose = isTold ? callerOrganizationId : ''
    this.#left.set(whose, (this.#left.get(whose) ?? 0) + 1)
  }

  #writeNow(record: AuditRecord): void {
    this.#write({ at: instant(this.#clock.wallMs()), ...record })
  }

  #end(): void {
    const times = { at: instant(this.#clock.wallMs()), since: instant(this.#sinceWallMs) }
    for (const { record, count, release } of this.#kinds.values()) {
      if (count > 0) this.#write({ ...times, ...record, count })
      release()
    }
    for (const [callerOrganizationId, count] of this.#left) {
      const whose = callerOrganizationId === '' ? {} : { callerOrganizationId }
      this.#write({ ...times, action: 'not_written', outcome: 'too_many', ...whose, count })
    }
    this.#kinds = new Map()
    this.#left = new Map()
    this.#sinceWallMs = this.#clock.wallMs()
  }
}

function instant(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
