import { type FileHandle, open } from 'node:fs/promises'
import type { Clock } from '../clock/clock.ts'
import type { Log } from '../observe/observe.ts'

/** Of lines that wait for the disk; characters. */
const WAITING_MAX = 4_194_304
/** Time between two lines of the log that say that it cannot be written, milliseconds. */
const QUIET_MS = 60_000

type Options = {
  readonly file: string
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: Pick<Log, 'error'>
  readonly metrics: { auditLost(count: number): void }
}

/**
 * Appends lines to a file, behind everybody's back: nobody waits for it, and what cannot be written is counted and told.
 * After a failure the file is opened anew for the next lines.
 */
export class AuditFile {
  readonly #options: Options
  #handle: FileHandle | undefined
  #waiting: string[] = []
  #waitingCharacters = 0
  #writing: Promise<void> | undefined
  #mustReopen = false
  #toldAtMs = Number.NEGATIVE_INFINITY

  constructor(options: Options) {
    this.#options = options
  }

  write(line: string): void {
    if (this.#waitingCharacters + line.length > WAITING_MAX) {
      this.#lose(1, undefined)
      return
    }
    this.#waiting.push(line)
    this.#waitingCharacters += line.length
    this.#writing ??= this.#writeAll()
  }

  reopen(): void {
    this.#mustReopen = true
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#closeHandle()
  }

  async #writeAll(): Promise<void> {
    // All that is said in one turn is one write.
    await undefined
    while (this.#waiting.length > 0) {
      const lines = this.#waiting
      this.#waiting = []
      this.#waitingCharacters = 0
      try {
        await this.#append(`${lines.join('\n')}\n`)
      } catch (error) {
        this.#lose(lines.length, error)
        await this.#closeHandle()
      }
    }
    this.#writing = undefined
  }

  async #append(text: string): Promise<void> {
    if (this.#mustReopen) await this.#closeHandle()
    this.#mustReopen = false
    this.#handle ??= await open(this.#options.file, 'a', 0o600)
    await this.#handle.appendFile(text)
  }

  async #closeHandle(): Promise<void> {
    const handle = this.#handle
    this.#handle = undefined
    await handle?.close().catch(() => undefined)
  }

  #lose(count: number, error: unknown): void {
    const { clock, log, metrics } = this.#options
    metrics.auditLost(count)
    if (clock.monotonicMs() - this.#toldAtMs < QUIET_MS) return
    this.#toldAtMs = clock.monotonicMs()
    log.error('lines of the audit log are lost', { err: error instanceof Error ? error : undefined })
  }
}
