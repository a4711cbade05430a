import type { Socket } from 'node:net'
import type { HeadTemplate } from './head-template.ts'
import { HeldBytes } from './held-bytes.ts'
import type { LaneAnswer } from './lane-answers.ts'
import { RequestFinder } from './request-finder.ts'
import type { LaneHead } from './request-head.ts'

/** What is larger is handed over in its turn: Node reads all the requests in it at once. */
const ATONCE_BYTES_MAX = 8_192

/** What comes in more pieces is for a server that need not put them together: each is copied with those before it. */
const PIECES_MAX = 128

/** What a connection needs of the lane. */
export type LaneContext = {
  /** Does what is asked; `undefined`: nothing was done, and the request is for the other way. */
  readonly begin: (head: LaneHead, body: Buffer) => Promise<LaneAnswer> | undefined
  /** What is answered where that rejects. */
  readonly refusal: (thrown: unknown, head: LaneHead) => LaneAnswer
  /** Has `answer` called once, with those of others. */
  readonly answerThen: (connection: LaneConnection) => void
  /** Room for bytes of a request; gives what gives it back. `undefined`: there is none. */
  readonly hold: (head: LaneHead, bytes: number) => (() => void) | undefined
  /** Whether whoever asks may be asked for the rest of a request. */
  readonly isKnown: (head: LaneHead) => boolean
  /** Finds out whether that is so; resolves once it is known. `undefined`: it is not found out here. Never rejects. */
  readonly check: (head: LaneHead, socket: Socket) => Promise<unknown> | undefined
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
  readonly #finder = new RequestFinder()
  readonly #held = new HeldBytes()
  /** The beginning of a request. */
  #beginning: Buffer | undefined
  /** In so many pieces. */
  #pieces = 0
  /** What came while a request was under way. */
  #rest: Buffer | undefined
  /** Of the request that is under way. */
  #head: LaneHead | undefined
  #answer: LaneAnswer | undefined
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
    this.#held.release()
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
    const found = this.#finder.find(bytes)
    if (found === 'unknown') this.#handOver(bytes)
    else if (found === undefined) this.#beginning = bytes
    else if (bytes.length >= found.headBytes + found.bodyBytes) this.#serve(bytes, found)
    // Nobody else has us hold what it sends.
    else if (this.#context.isKnown(found.head)) this.#keep(bytes, found)
    else this.#check(bytes, found.head)
  }

  #keep(bytes: Buffer, { head, headBytes }: HeadTemplate): void {
    if (++this.#pieces <= PIECES_MAX && this.#hasRoom(head, bytes.length - headBytes)) this.#beginning = bytes
    else this.#handOver(bytes)
  }

  /** Others are small. */
  #hasRoom(head: LaneHead, bytes: number): boolean {
    return head.operation !== 'sendEvents' || this.#held.grow(bytes, (more) => this.#context.hold(head, more))
  }

  /** Whatever comes meanwhile waits, its end too. */
  #check(bytes: Buffer, head: LaneHead): void {
    const checked = this.#context.check(head, this.socket)
    if (checked === undefined) {
      this.#handOver(bytes)
      return
    }
    this.#isBusy = true
    this.#rest = bytes
    this.socket.pause()
    void checked.then(() => this.#onChecked(head))
  }

  #onChecked(head: LaneHead): void {
    const { socket } = this
    const bytes = this.#rest
    this.#isBusy = false
    this.#rest = undefined
    if (socket.destroyed || bytes === undefined) return
    socket.resume()
    if (this.#context.isKnown(head)) this.#take(bytes)
    else this.#handOver(bytes)
  }

  #serve(bytes: Buffer, { head, headBytes, bodyBytes }: HeadTemplate): void {
    const end = headBytes + bodyBytes
    const hasRoom = this.#hasRoom(head, bodyBytes)
    const work = hasRoom ? this.#context.begin(head, bytes.subarray(headBytes, end)) : undefined
    if (work === undefined) {
      if (this.#context.isKnown(head)) this.#handOver(bytes)
      else this.#check(bytes, head)
      return
    }
    this.#isBusy = true
    this.#pieces = 0
    this.#rest = bytes.length > end ? bytes.subarray(end) : undefined
    this.#head = head
    void work.then(this.#onAnswer, this.#onRefused)
  }

  readonly #onRefused = (thrown: unknown): void => {
    if (this.#head !== undefined) this.#onAnswer(this.#context.refusal(thrown, this.#head))
  }

  readonly #onAnswer = (answer: LaneAnswer): void => {
    this.#answer = answer
    this.#context.answerThen(this)
  }

  /** Writes the answer that is ready. */
  answer(): void {
    const { socket } = this
    const answer = this.#answer
    this.#answer = undefined
    this.#isBusy = false
    this.#held.release()
    if (socket.destroyed || answer === undefined) return
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
  readonly #onClose = (): void => {
    this.#held.release()
    this.#context.forget(this)
  }
  readonly #onTimeout = (): void => this.#context.onIdle(this.socket)
}

function joined(before: Buffer | undefined, after: Buffer): Buffer {
  return before === undefined ? after : Buffer.concat([before, after])
}
