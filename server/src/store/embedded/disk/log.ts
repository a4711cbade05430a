import type { RowChange } from '../rows.ts'
import { encodeRecord, recordBytes, roundUp } from './commit-record.ts'
import type { Files, LogFile } from './files.ts'
import { type LogInfo, logName } from './manifest.ts'
import { type Forget, Memtable } from './memtable.ts'
import type { PartMemory } from './part-memory.ts'

/** A part of the log, and what it holds. */
export type LogPart = {
  readonly info: LogInfo
  readonly table: Memtable
  /** Number of its first commit. */
  readonly firstCommit: number
}

export type LogOptions = {
  readonly files: Files
  readonly storeId: Buffer
  readonly epoch: number
  readonly memory: PartMemory
  readonly idOf: (table: RowChange['table']) => number
}

/** The end of the log, where commits are written: one record after the other, each in one write. */
export class Log {
  readonly #options: LogOptions
  #file: LogFile | undefined
  #part: LogPart
  #position: number
  #nextCommit: number

  constructor(options: LogOptions, part: LogPart, position: number, nextCommit: number) {
    this.#options = options
    this.#part = part
    this.#position = position
    this.#nextCommit = nextCommit
  }

  get part(): LogPart {
    return this.#part
  }

  get nextCommit(): number {
    return this.#nextCommit
  }

  /** Whether the next part should be made. */
  get isHalfFull(): boolean {
    return this.#position * 2 > this.#part.info.bytes
  }

  /** Opens the file, anew if it was open. */
  async open(): Promise<void> {
    await this.close()
    this.#file = await this.#options.files.openLog(logName(this.#part.info.number))
  }

  close(): Promise<void> | undefined {
    const file = this.#file
    this.#file = undefined
    return file?.close()
  }

  hasRoomFor(changes: readonly RowChange[]): boolean {
    return this.#start() + roundUp(recordBytes(changes), this.#unitBytes()) <= this.#part.info.bytes
  }

  /** Goes on in another part. */
  async goOnIn(info: LogInfo): Promise<LogPart> {
    await this.close()
    this.#file = await this.#options.files.openLog(logName(info.number))
    const table = new Memtable(this.#options.memory.take(info.bytes))
    this.#part = { info, table, firstCommit: this.#nextCommit }
    this.#position = 0
    return this.#part
  }

  /** Resolves, with what takes the changes up into memory, once they survive a power cut. After a failure the same place is written again. */
  async write(changes: readonly RowChange[]): Promise<(forget: Forget) => void> {
    const { storeId, epoch, idOf } = this.#options
    if (this.#file === undefined) await this.open()
    const file = this.#openFile()
    const bytes = recordBytes(changes)
    const padded = roundUp(bytes, file.unitBytes)
    const position = this.#start()
    const room = file.room(padded)
    encodeRecord(room, changes, bytes, { storeId, epoch, number: this.#nextCommit }, idOf)
    room.fill(0, bytes, padded)
    await file.write(padded, position)
    return (forget) => {
      this.#part.table.append(room.subarray(0, bytes), position, changes.length, forget)
      this.#position = position + padded
      this.#nextCommit++
    }
  }

  #openFile(): LogFile {
    if (this.#file === undefined) throw new Error('the log is not open')
    return this.#file
  }

  #unitBytes(): number {
    return this.#file?.unitBytes ?? 1
  }

  #start(): number {
    return roundUp(this.#position, this.#unitBytes())
  }
}
