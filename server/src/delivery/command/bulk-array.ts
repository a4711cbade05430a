import { RollcallError } from '@rollcall/protocol/error-code'

const QUOTE = 34
const COMMA = 44
const OPEN_ARRAY = 91
const BACKSLASH = 92
const CLOSE_ARRAY = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125
/** Space, tab, line feed, carriage return (RFC 8259 §2). */
const SPACES = [32, 9, 10, 13]

/** Bytes looked at in one step. */
const STEP_BYTES = 65_536

/**
 * Finds the items of a JSON array in its bytes, without reading them: whether each is JSON is for its reader
 * to see, and then the whole is. It stops every 64 KiB, so that whoever walks through 16 MiB can let others run.
 */
export class ArrayScanner {
  readonly #body: Buffer
  #at: number
  #itemStart: number
  #depth = 0
  #isInString = false
  #isFirst = true
  #isDone = false

  /** @throws RollcallError `invalid_request` or `malformed_json` for a body that is no array */
  constructor(body: Buffer) {
    const start = skipSpace(body, 0)
    this.#body = body
    this.#at = start + 1
    this.#itemStart = start + 1
    if (body[start] === OPEN_OBJECT)
      throw new RollcallError('invalid_request', 'The body must be a JSON array.')
    if (body[start] !== OPEN_ARRAY) throw malformed()
  }

  get isDone(): boolean {
    return this.#isDone
  }

  /**
   * Goes on to the end of the next item, but not far.
   *
   * @returns the item's bytes, or `undefined`: there are no more (`isDone`), or its end has not come yet
   * @throws RollcallError `malformed_json`
   */
  step(): Buffer | undefined {
    const end = Math.min(this.#body.length, this.#at + STEP_BYTES)
    while (this.#at < end) {
      const at = this.#at++
      if (this.#isInString) this.#passText(at)
      else if (this.#endsItem(at)) return this.#take(at)
    }
    if (end === this.#body.length) throw malformed()
    return undefined
  }

  #passText(at: number): void {
    const code = this.#body[at]
    if (code === BACKSLASH) this.#at++
    else if (code === QUOTE) this.#isInString = false
  }

  /** Whether a comma between items, or the end of the array, stands here. */
  #endsItem(at: number): boolean {
    switch (this.#body[at]) {
      case QUOTE:
        this.#isInString = true
        return false
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        this.#depth++
        return false
      case CLOSE_OBJECT:
        this.#depth--
        return false
      case CLOSE_ARRAY:
        return this.#depth-- === 0
      case COMMA:
        return this.#depth === 0
      default:
        return false
    }
  }

  #take(end: number): Buffer | undefined {
    const body = this.#body
    const start = skipSpace(body, this.#itemStart)
    const isLast = body[end] === CLOSE_ARRAY
    if (isLast) {
      this.#isDone = true
      if (skipSpace(body, end + 1) < body.length) throw malformed()
      if (this.#isFirst && start === end) return undefined
    }
    if (start === end) throw malformed()
    this.#isFirst = false
    this.#itemStart = end + 1
    return body.subarray(start, end)
  }
}

function malformed(): RollcallError {
  return new RollcallError('malformed_json')
}

function skipSpace(body: Buffer, start: number): number {
  let at = start
  while (SPACES.includes(body[at] ?? 0)) at++
  return at
}
