/**
 * A folder as the store's disk needs it: few operations, so that tests and the simulation can put one beneath
 * the very code that runs in production whose writes fail, hang, or are cut short by a crash.
 */
export interface Files {
  /** Where it is, for messages. */
  readonly path: string
  /** The names of all files. */
  list(): readonly string[]
  /** Bytes of a file; `undefined` when there is none. */
  sizeOf(name: string): number | undefined
  /** Opens a file for reading. @throws Error with the system's `code` */
  open(name: string): ReadableFile
  /** Starts a file that has its name once `finish` has resolved; until then there is none of that name. */
  create(name: string): Promise<NewFile>
  /** Opens a file to write anywhere in it. Its length never changes. */
  openLog(name: string): Promise<LogFile>
  rename(from: string, to: string): Promise<void>
  /** Removing what is not there is no error. */
  remove(name: string): Promise<void>
  /** Resolves once all names, as they are now, survive a power cut. */
  syncNames(): Promise<void>
  /** Tells one file from another that has taken its name; `undefined`: there is none. */
  identityOf(name: string): string | undefined
  /** What the disk has left for us, bytes. */
  freeBytes(): Promise<number>
}

/** A folder for those who only read it. */
export type ReadableFiles = Pick<Files, 'path' | 'sizeOf' | 'open'>

export interface ReadableFile {
  /** Fills `bytes` from `position`; returns how many there were before the end of the file. */
  read(bytes: Uint8Array, position: number): number
  close(): void
}

export interface NewFile {
  /** One after the other, in one write where the system can do that. The bytes are not touched until it resolves. */
  append(...pieces: readonly Uint8Array[]): Promise<void>
  /** Resolves once the bytes survive a power cut; the name does after `syncNames`. */
  finish(): Promise<void>
  /** Leaves nothing behind. */
  abandon(): Promise<void>
}

export interface LogFile {
  /** Positions and lengths of writes are multiples of it. */
  readonly unitBytes: number
  /** A place to put what `write` shall write, at least so large. Good until the next call. */
  room(bytes: number): Buffer
  /** Writes the first bytes of the room, and resolves once they survive a power cut. */
  write(bytes: number, position: number): Promise<void>
  close(): Promise<void>
}
