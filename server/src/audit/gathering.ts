import type { Clock } from '../clock/clock.ts'
import type { AuditAction, AuditLine, AuditRecord } from './audit-record.ts'

const PERIOD_MS = 60_000
/** Different records that are told apart within a period. */
const KINDS_MAX = 10_000

/** What changed something is written each time, however much else there is. */
const CHANGES: ReadonlySet<AuditAction> = new Set([
  'revoke_token',
  'revoke_user',
  'erase_user',
  'export_user',
  'kick_endpoint',
  'replay_dead_letters',
  'clear_dead_letters',
])

type Kind = { readonly record: AuditRecord; count: number }

/**
 * Bounds how many lines there are: the first record of a kind is passed on at once, the same again within a minute is
 * counted, and passed on once with the count. Of more kinds than are told apart only their number is.
 */
export class Gathering {
  readonly #clock: Pick<Clock, 'wallMs'>
  readonly #write: (line: AuditLine) => void
  readonly #timer: { cancel(): void }
  #kinds = new Map<string, Kind>()
  #sinceWallMs: number
  #left = 0

  constructor(clock: Pick<Clock, 'wallMs' | 'every'>, write: (line: AuditLine) => void) {
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
    if (kind !== undefined) kind.count++
    else if (this.#kinds.size >= KINDS_MAX) this.#left++
    else {
      this.#kinds.set(name, { record, count: 0 })
      this.#writeNow(record)
    }
  }

  #writeNow(record: AuditRecord): void {
    this.#write({ at: instant(this.#clock.wallMs()), ...record })
  }

  #end(): void {
    const times = { at: instant(this.#clock.wallMs()), since: instant(this.#sinceWallMs) }
    for (const { record, count } of this.#kinds.values())
      if (count > 0) this.#write({ ...times, ...record, count })
    if (this.#left > 0)
      this.#write({ ...times, action: 'not_written', outcome: 'too_many', count: this.#left })
    this.#kinds = new Map()
    this.#left = 0
    this.#sinceWallMs = this.#clock.wallMs()
  }
}

function instant(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
