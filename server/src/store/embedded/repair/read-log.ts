import { RECORD_UNIT_BYTES, readRecord, roundUp } from '../disk/commit-record.ts'
import { DamageError } from '../disk/damage.ts'
import type { Files } from '../disk/files.ts'
import { type LogInfo, logName, type Manifest } from '../disk/manifest.ts'
import { Memtable } from '../disk/memtable.ts'
import { readWhole } from '../disk/read-whole.ts'
import { bad, counted, type Finding, good, orDamage } from './finding.ts'

export type ReadLog = {
  readonly findings: readonly Finding[]
  /** What can be read of each part, oldest first. */
  readonly tables: readonly Memtable[]
  /** After all that were confirmed, readable or not. */
  readonly nextCommit: number
}

/** Reads all of the log that can be read, past what cannot. */
export function readLog(files: Files, manifest: Manifest): ReadLog {
  const { logs, firstCommit, lastCommit = 0 } = manifest
  const findings: Finding[] = []
  const tables: Memtable[] = []
  let next = firstCommit
  for (const [index, info] of logs.entries()) {
    const part = new Part(files, info, Buffer.from(manifest.storeId, 'hex'), next)
    next = part.read()
    // A part that is made and not used yet says nothing; the last that is used says where the log ends.
    const isLast = index === logs.length - 1
    if (isLast && next <= lastCommit) next = part.lose(lastCommit)
    findings.push(part.finding())
    tables.push(part.table)
  }
  return { findings, tables, nextCommit: next }
}

class Part {
  readonly #name: string
  readonly #bytes: Buffer
  readonly #problems: string[] = []
  readonly #lost: string[] = []
  readonly #storeId: Buffer
  readonly #first: number
  readonly #last: number
  #next: number
  #commits = 0
  readonly table: Memtable

  constructor(files: Files, { number, bytes, lastCommit }: LogInfo, storeId: Buffer, next: number) {
    this.#name = logName(number)
    this.#storeId = storeId
    this.#first = next
    this.#last = lastCommit ?? Number.POSITIVE_INFINITY
    this.#next = next
    const found = orDamage(() => readWhole(files, this.#name))
    if (found instanceof DamageError) this.#problems.push(found.what)
    else if (found.length !== bytes) this.#problems.push(`has ${found.length} bytes instead of ${bytes}`)
    this.#bytes = found instanceof DamageError ? Buffer.alloc(0) : found
    this.table = new Memtable(this.#bytes)
  }

  /** Takes up every commit that can be read. Returns the number of the next. */
  read(): number {
    let at = 0
    while (at < this.#bytes.length) {
      const record = readRecord(this.#bytes, at)
      if (record === undefined) at += RECORD_UNIT_BYTES
      else {
        if (!record.storeId.equals(this.#storeId)) this.#note('holds what another store has written')
        else this.#take(at, record)
        at += roundUp(record.bytes, RECORD_UNIT_BYTES)
      }
    }
    return this.#next
  }

  /** Of a part that is used again, older commits may be left: their rows are in runs. Of a former owner's, later ones. */
  #take(at: number, { number, changes }: { readonly number: number; readonly changes: number }): void {
    const isRepeated = number === this.#next - 1 && this.#commits === 0
    if ((number < this.#next && !isRepeated) || number > this.#last) return
    if (number > this.#next) {
      this.#note(at === 0 ? 'does not begin where the log before it ends' : `is damaged before byte ${at}`)
      this.lose(number - 1)
    }
    this.table.take(at, changes, () => false)
    this.#commits++
    this.#next = number + 1
  }

  /** Commits up to this one were confirmed, and cannot be read. */
  lose(until: number): number {
    if (until < this.#next) return this.#next
    const count = until - this.#next + 1
    if (this.#problems.length === 0) this.#note('ends too early')
    const which = count === 1 ? `commit ${until}` : `commits ${this.#next} to ${until}`
    this.#lost.push(`${which}: all that was written in ${count === 1 ? 'it' : 'them'}`)
    this.#next = until + 1
    return this.#next
  }

  #note(problem: string): void {
    if (!this.#problems.includes(problem)) this.#problems.push(problem)
  }

  finding(): Finding {
    const read = this.#commits === 0 ? 'no commits' : counted(this.#commits, 'commit')
    if (this.#problems.length === 0) return good(this.#name, read)
    const what = `${this.#problems.join('; ')}; ${read} can be read`
    const unknown = `what was written after commit ${this.#first - 1}, if it was in this file`
    return bad(this.#name, what, this.#lost.length > 0 || this.#commits > 0 ? this.#lost : [unknown])
  }
}
