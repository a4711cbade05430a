import { isUtf8 } from 'node:buffer'
import { RollcallError } from '@rollcall/protocol/error-code'
import { BODY_BYTES_MAX, BULK_ARRAY_ITEMS_MAX, BULK_LINES_MAX } from '@rollcall/protocol/limits'
import type { Clock } from '../../clock/clock.ts'
import { withoutMark } from '../../parse/parse.ts'
import { Pace } from '../pace.ts'
import { ArrayScanner } from './bulk-array.ts'
import { parseSendEvent, type SendEventCommand } from './command.ts'

/** One event of a bulk request: what it asks for, or why it cannot be done. */
export type BulkItem = SendEventCommand | RollcallError

const OPEN_OBJECT = 0x7b

/** Events that are handed to the store together, and so in one commit. */
const GROUP_ITEMS_MAX = 1_000

/**
 * Reads a bulk request that is a JSON array, as one group. An array is one JSON text: where anything in it is
 * no JSON, all of it is refused. A command that is JSON but not valid spoils only itself.
 *
 * It rests every few milliseconds, so that a large body delays nobody else.
 *
 * @throws RollcallError `malformed_json`, `invalid_request` for too many or something else than an array
 */
export async function* readSendEventArray(
  body: Buffer,
  clock: Pick<Clock, 'monotonicMs'>,
): AsyncGenerator<BulkItem[]> {
  const pace = new Pace(clock)
  const scanner = new ArrayScanner(withoutMark(body))
  const group: BulkItem[] = []
  while (!scanner.isDone) {
    const bytes = scanner.step()
    if (bytes !== undefined) group.push(readArrayItem(bytes))
    if (group.length > BULK_ARRAY_ITEMS_MAX) throw tooMany('events', BULK_ARRAY_ITEMS_MAX)
    if (pace.isOver) await pace.rest()
  }
  yield group
}

/**
 * Reads a bulk request that is NDJSON, in groups. Each line is a JSON text of its own, so that a broken one
 * spoils only itself; blank lines are skipped. Otherwise as {@link readSendEventArray}.
 *
 * @throws RollcallError `invalid_request` for too many lines, before there is a group
 */
export async function* readSendEventLines(
  body: Buffer,
  clock: Pick<Clock, 'monotonicMs'>,
): AsyncGenerator<BulkItem[]> {
  const pace = new Pace(clock)
  let group: BulkItem[] = []
  for (const bytes of linesOf(withoutMark(body))) {
    if (!isBlank(bytes)) group.push(readItem(bytes))
    if (group.length === GROUP_ITEMS_MAX) {
      yield group
      group = []
    }
    if (pace.isOver) await pace.rest()
  }
  if (group.length > 0) yield group
}

function readArrayItem(bytes: Buffer): BulkItem {
  const item = readItem(bytes)
  if (item instanceof RollcallError && item.code === 'malformed_json' && !isJson(bytes)) throw item
  return item
}

function readItem(bytes: Buffer): BulkItem {
  if (bytes.length > BODY_BYTES_MAX)
    return new RollcallError('payload_too_large', `One event may take ${BODY_BYTES_MAX} bytes.`)
  try {
    return parseSendEvent(bytes)
  } catch (error) {
    if (error instanceof RollcallError) return error
    throw error
  }
}

/** Nothing but JSON's grammar: a key given twice is within it. */
function isJson(bytes: Buffer): boolean {
  if (!isUtf8(bytes)) return false
  try {
    JSON.parse(bytes.toString('utf8'))
    return true
  } catch {
    return false
  }
}

function linesOf(body: Buffer): readonly Buffer[] {
  const lines: Buffer[] = []
  for (let start = 0; start < body.length; ) {
    const newline = body.indexOf(0x0a, start)
    const end = newline === -1 ? body.length : newline
    if (lines.length === BULK_LINES_MAX) throw tooMany('lines', BULK_LINES_MAX)
    lines.push(body.subarray(start, end))
    start = end + 1
  }
  return lines
}

function isBlank(line: Buffer): boolean {
  if (line[0] === OPEN_OBJECT || line.length > BODY_BYTES_MAX) return false
  return /^[ \t\r]*$/.test(line.toString('latin1'))
}

function tooMany(what: string, max: number): RollcallError {
  const problem = `must be at most ${max} ${what}`
  return new RollcallError('invalid_request', `body: ${problem}`, { fields: [['body', problem]] })
}
