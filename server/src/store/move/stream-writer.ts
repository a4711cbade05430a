import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import type { ItemKind, ItemOf } from './items.ts'
import { written } from './shape.ts'

/** Version of the stream. Raised when an older program could not read it any more. */
export const STREAM_VERSION = 1

/** What stands at the beginning of a stream. */
export type StreamHead = {
  /** Version of the program that wrote it. */
  readonly product: string
  readonly madeAtWallMs: number
  /** Ids that the source has given: none of them is given again. */
  readonly highest: Highest
}

export type Highest = {
  readonly registrationId: number
  readonly sequence: number
  readonly recordId: number
}

/** How many items of each kind. */
export type Counts = { readonly [kind in ItemKind]?: number }

/** What stands at its end: where it is missing, something of the rest may be. */
export type StreamEnd = {
  readonly counts: Counts
  /** SHA-256 of all bytes before this line, in hexadecimal. */
  readonly sha256: string
}

const FILE_MODE = 0o600
const BUFFERED_BYTES = 1024 * 1024

/**
 * Writes a stream: a line of JSON for its head, one for each item, and one for its end. Written beside its place, readable by
 * its owner only, and put there once it is whole and durable.
 */
export class StreamWriter {
  readonly #file: string
  readonly #draft: string
  readonly #handle: number
  readonly #hash = createHash('sha256')
  readonly #counts: { [kind in ItemKind]?: number } = {}
  #lines: string[] = []
  #characters = 0

  /** @throws Error where the file is there, or is being written */
  constructor(file: string, head: StreamHead) {
    this.#file = file
    this.#draft = `${file}.part`
    closeSync(openSync(file, 'wx', FILE_MODE))
    this.#handle = openSync(this.#draft, 'w', FILE_MODE)
    this.#line({ rollcallExport: STREAM_VERSION, ...head })
  }

  get items(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0)
  }

  put<Kind extends ItemKind>(kind: Kind, item: ItemOf<Kind>): void {
    this.#counts[kind] = (this.#counts[kind] ?? 0) + 1
    this.#line([kind, written(item)])
  }

  end(): StreamEnd {
    this.#flush()
    const end = { counts: this.#counts, sha256: this.#hash.digest('hex') }
    writeAll(this.#handle, Buffer.from(`${JSON.stringify({ end })}\n`))
    fsyncSync(this.#handle)
    closeSync(this.#handle)
    renameSync(this.#draft, this.#file)
    return end
  }

  /** Nothing is left of it. */
  abandon(): void {
    closeSync(this.#handle)
    for (const file of [this.#draft, this.#file]) rmSync(file, { force: true })
  }

  #line(value: unknown): void {
    const line = `${JSON.stringify(value)}\n`
    this.#lines.push(line)
    this.#characters += line.length
    if (this.#characters >= BUFFERED_BYTES) this.#flush()
  }

  #flush(): void {
    const bytes = Buffer.from(this.#lines.join(''))
    this.#lines = []
    this.#characters = 0
    this.#hash.update(bytes)
    writeAll(this.#handle, bytes)
  }
}

function writeAll(handle: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at)
}
