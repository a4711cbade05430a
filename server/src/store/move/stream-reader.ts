import { createHash } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'
import { isJsonObject } from '../../parse/parse.ts'
import { type Item, readItem } from './items.ts'
import { is, number, shaped, text } from './shape.ts'
import { STREAM_VERSION, type StreamHead } from './stream-writer.ts'

const CHUNK_BYTES = 1024 * 1024
/** No line that was ever written is longer. */
const LINE_BYTES_MAX = 256 * 1024 * 1024
const LINE_END = 0x0a

const readHead = shaped({
  rollcallExport: is(number),
  product: is(text),
  madeAtWallMs: is(number),
  highest: is(shaped({ registrationId: is(number), sequence: is(number), recordId: is(number) })),
})

/** A stream is not whole, not as it was written, or of a version that this program does not know. */
export class StreamError extends Error {}

/** The head of a stream, and a name for its content. */
export type StreamFacts = { readonly head: StreamHead; readonly sha256: string }

/**
 * Reads all of a stream, item by item, and whether it is as it was written.
 *
 * @param visit gets each item; what it does is worth nothing where this throws
 * @throws StreamError
 */
export async function readStream(
  file: string,
  visit: (item: Item) => Promise<void> | void,
): Promise<StreamFacts> {
  const hash = createHash('sha256')
  let head: StreamHead | undefined
  let sha256: string | undefined
  let number = 0
  for (const line of linesOf(file)) {
    number++
    if (sha256 !== undefined) throw new StreamError(`${file} goes on after its end.`)
    const value = parse(line, file, number)
    if (head === undefined) head = headOf(value, file)
    else if (Array.isArray(value)) {
      const visited = visit(itemOf(value, file, number))
      if (visited !== undefined) await visited
    } else sha256 = endOf(value, file)
    if (sha256 === undefined) hash.update(line)
  }
  if (head === undefined) throw new StreamError(`${file} is empty.`)
  if (sha256 === undefined) throw new StreamError(`${file} has no end: it is not whole.`)
  if (hash.digest('hex') !== sha256) throw new StreamError(`${file} is not as it was written: damaged.`)
  return { head, sha256 }
}

/** Each with its end. */
function* linesOf(file: string): Generator<Buffer> {
  const handle = openSync(file, 'r')
  try {
    let rest: Buffer[] = []
    let restBytes = 0
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
      const read = readSync(handle, chunk)
      if (read === 0) break
      let from = 0
      for (let at = chunk.indexOf(LINE_END); at !== -1 && at < read; at = chunk.indexOf(LINE_END, from)) {
        yield Buffer.concat([...rest, chunk.subarray(from, at + 1)])
        rest = []
        restBytes = 0
        from = at + 1
      }
      rest.push(chunk.subarray(from, read))
      restBytes += read - from
      if (restBytes > LINE_BYTES_MAX) throw new StreamError(`${file} has a line that is too long.`)
    }
    if (restBytes > 0) yield Buffer.concat(rest)
  } finally {
    closeSync(handle)
  }
}

function parse(line: Buffer, file: string, number: number): unknown {
  try {
    return JSON.parse(line.toString())
  } catch {
    throw new StreamError(`${file} is damaged in line ${number}.`)
  }
}

function headOf(value: unknown, file: string): StreamHead {
  const version = isJsonObject(value) ? value['rollcallExport'] : undefined
  if (version === undefined) throw new StreamError(`${file} is not what "rollcall export" writes.`)
  if (version !== STREAM_VERSION)
    throw new StreamError(
      `${file} has version ${version}; this version of Rollcall reads version ${STREAM_VERSION}. Import it with the version that wrote it, or a newer one.`,
    )
  return naming(file, 1, () => readHead(value, ''))
}

function itemOf(line: readonly unknown[], file: string, number: number): Item {
  const [kind, value] = line
  return naming(file, number, () => readItem(text(kind, ''), value))
}

function endOf(value: unknown, file: string): string {
  const end = isJsonObject(value) ? value['end'] : undefined
  const sha256 = isJsonObject(end) ? end['sha256'] : undefined
  if (typeof sha256 !== 'string') throw new StreamError(`${file} has a line that is none of a stream's.`)
  return sha256
}

function naming<T>(file: string, line: number, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new StreamError(`${file}, line ${line}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
