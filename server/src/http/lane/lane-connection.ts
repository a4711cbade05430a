import type { Socket } from 'node:net'
import { HeadTemplate } from './head-template.ts'
import type { LaneAnswer } from './lane-answers.ts'
import { FIRST_BYTES, HEAD_BYTES_MAX, type LaneHead, readHead } from './request-head.ts'

const HEAD_END = '\r\n\r\n'
const FIRST = Buffer.from(FIRST_BYTES, 'latin1')
/** What is larger is handed over in its turn: Node reads all the requests in it at once. */
const ATONCE_BYTES_MAX = 8_192

/** What a connection needs of the lane. */
export type LaneContext = {
  /** Does what is asked; `undefined`: nothing was done, and the request is for the other way. Never rejects. */
  readonly begin: (head: LaneHead, body: Buffer) => Promise<LaneAnswer> | undefined
  /** Whether whoever asks may be asked for the rest of a request. */
  readonly isKnown: (head: LaneHead) => boolean
  readonly textOf: (answer: LaneAnswer, isLast: boolean) => string
  /** Whether each answer shall be the last of its connection. */
  readonly isDraining: () => boolean
  /** Gives the connection to Node's HTTP server, with what was read of it. */
  readonly handOver: (connection: LaneConnection, bytes: Buffer | undefined) => void
  /** Whether a connection may be handed over now; asked once for each. Otherwise it waits for its turn. */
  readonly mayHandOver: () => boolean
  /** Runs it in a turn of the event loop with few others, or, if it is large, with none. */
  readonly inTurn: (run: () => void, isLarge: boolean) => void
  /** The connection is nobody's any more. */
  readonly forget: (connection: LaneConnection) => void
  /** Nothing moved on the socket for as long as it may be idle. */
  readonly onIdle: (socket: Socket) => void
  /** The peer has ended in the middle of a request. */
  readonly onCutShort: (socket: Socket) => void
  readonly idleMs: number
  /** A peer that does not read its answers is let go sooner, milliseconds. */
  readonly stuckMs: number
}

/** A connection while all that comes on it is known here: one request after the other, each answered before the next. */
export class LaneConnection {
  readonly socket: Socket
  readonly #context: LaneContext
  #template: HeadTemplate | undefined
  /** The beginning of a request. */
  #beginning: Buffer | undefined
  /** What came while a request was under way. */
  #rest: Buffer | undefined
  #isBusy = false
  #hasEnded = false
  #hasServed = false
  /** Whether the look before found it as it is now. */
  #wasWaiting = false

  constructor(socket: Socket, context: LaneContext) {
    this.socket = socket
    this.#context = context
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('error', this.#onError)
    socket.on('close', this.#onClose)
    socket.on('timeout', this.#onTimeout)
  }

  get isIdle(): boolean {
    return !this.#isBusy && this.#beginning === undefined
  }

  /** Whoever takes its time with a request, or says nothing at all, is for a server that counts it. */
  look(): void {
    const isWaiting = !this.#isBusy && (this.#beginning !== undefined || !this.#hasServed)
    if (isWaiting && this.#wasWaiting) this.#handOver(this.#beginning)
    this.#wasWaiting = isWaiting
  }

  /** Leaves the socket to somebody else. */
  release(): void {
    const { socket } = this
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    socket.off('error', this.#onError)
    socket.off('close', this.#onClose)
    socket.off('timeout', this.#onTimeout)
    socket.off('drain', this.#onDrain)
    socket.setTimeout(0)
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#isBusy) {
      this.#rest = joined(this.#rest, chunk)
      this.socket.pause()
      return
    }
    const bytes = joined(this.#beginning, chunk)
    this.#beginning = undefined
    this.#take(bytes)
  }

  #take(bytes: Buffer): void {
    const found = this.#find(bytes)
    if (found === 'unknown') this.#handOver(bytes)
    else if (found === undefined) this.#beginning = bytes
    else if (bytes.length >= found.headBytes + found.bodyBytes) this.#serve(bytes, found)
    // Nobody else has us hold what it sends.
    else if (this.#context.isKnown(found.head)) this.#beginning = bytes
    else this.#handOver(bytes)
  }

  /** The head that the bytes begin with; `undefined` while it has not come as a whole. */
  #find(bytes: Buffer): HeadTemplate | 'unknown' | undefined {
    if (this.#template?.matches(bytes) === true) return this.#template
    const end = bytes.indexOf(HEAD_END)
    if (end < 0) return bytes.length <= HEAD_BYTES_MAX && mayBeOurs(bytes) ? undefined : 'unknown'
    if (end > HEAD_BYTES_MAX) return 'unknown'
    const head = readHead(bytes.toString('latin1', 0, end))
    if (head === undefined) return 'unknown'
    const template = new HeadTemplate(head, bytes, end + HEAD_END.length)
    if (!template.matches(bytes)) return 'unknown'
    this.#template = template
    return template
  }

  #serve(bytes: Buffer, { head, headBytes, bodyBytes }: HeadTemplate): void {
    const end = headBytes + bodyBytes
    const work = this.#context.begin(head, bytes.subarray(headBytes, end))
    if (work === undefined) {
      this.#handOver(bytes)
      return
    }
    this.#isBusy = true
    this.#rest = bytes.length > end ? bytes.subarray(end) : undefined
    void work.then(this.#onAnswer)
  }

  readonly #onAnswer = (answer: LaneAnswer): void => {
    const { socket } = this
    this.#isBusy = false
    if (socket.destroyed) return
    const isLast = this.#hasEnded || this.#context.isDraining()
    socket.write(this.#context.textOf(answer, isLast), answer.isAscii ? 'latin1' : 'utf8')
    if (isLast) socket.destroySoon()
    else this.#goOn()
  }

  #goOn(): void {
    if (!this.#hasServed) this.socket.setTimeout(this.#context.idleMs)
    this.#hasServed = true
    const rest = this.#rest
    this.#rest = undefined
    // Few send a request before the last is answered: they are for a server that has several under way.
    if (rest !== undefined) this.#handOver(rest)
    else if (this.socket.writableNeedDrain) this.#waitForReader()
  }

  #waitForReader(): void {
    this.socket.pause()
    this.socket.setTimeout(this.#context.stuckMs)
    this.socket.once('drain', this.#onDrain)
  }

  readonly #onDrain = (): void => {
    this.socket.setTimeout(this.#context.idleMs)
    this.socket.resume()
  }

  #handOver(bytes: Buffer | undefined): void {
    const isLarge = bytes !== undefined && bytes.length > ATONCE_BYTES_MAX
    if (!isLarge && this.#context.mayHandOver()) {
      this.#context.handOver(this, bytes)
      return
    }
    // What comes until then is added to it, as while a request is under way.
    this.#isBusy = true
    this.#rest = bytes
    this.socket.pause()
    this.#context.inTurn(() => {
      if (!this.socket.destroyed) this.#context.handOver(this, this.#rest)
    }, isLarge)
  }

  readonly #onEnd = (): void => {
    this.#hasEnded = true
    if (this.#isBusy) return
    if (this.#beginning === undefined) this.socket.end()
    else this.#context.onCutShort(this.socket)
  }

  readonly #onError = (): void => void this.socket.destroy()
  readonly #onClose = (): void => this.#context.forget(this)
  readonly #onTimeout = (): void => this.#context.onIdle(this.socket)
}

/** Whether it may become a request that is known here. */
function mayBeOurs(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, FIRST.length)
  return FIRST.compare(bytes, 0, length, 0, length) === 0
}

function joined(before: Buffer | undefined, after: Buffer): Buffer {
  return before === undefined ? after : Buffer.concat([before, after])
}
