import { RollcallError } from '@rollcall/protocol/error-code'
import type { Clock, Timer } from '../clock/clock.ts'
import { decodeMessage, encodeMessage } from './message.ts'
import type { Nodes } from './nodes.ts'
import type { Router } from './router.ts'

/** Time after which a request that was not answered is sent again, milliseconds. */
const AGAIN_MS = 200

/** Carries out what another node asks for, and answers; what it rejects with is not told: the other asks again. */
type Answerer = (question: Uint8Array) => Promise<Uint8Array> | Uint8Array

/** What all nodes have to have done before somebody is told that it is done, or what all know a part of. */
export interface Requests {
  /**
   * Has every other node answer. Resolves once each has that was there at the call and has not been buried meanwhile; at once,
   * and without a question, where there is no other.
   *
   * @throws RollcallError `unavailable` after `withinMs`: not everybody has, and some may
   */
  askAll(what: string, question: Uint8Array, withinMs: number): Promise<readonly Uint8Array[]>
  /** Who answers questions of a kind. It may be asked twice. One for each. */
  answer(what: string, answerer: Answerer): void
}

type RequestsOptions = {
  readonly router: Router
  readonly nodes: Pick<Nodes, 'others'>
  readonly clock: Clock
}

type Pending = { readonly answers: Map<string, Uint8Array>; onAnswer: () => void }

/** Requests over a router that loses messages: what is not answered is asked again. */
export class RequestsOverRouter implements Requests {
  readonly #options: RequestsOptions
  readonly #answerers = new Map<string, Answerer>()
  readonly #pending = new Map<number, Pending>()
  #lastId = 0

  constructor(options: RequestsOptions) {
    this.#options = options
    options.router.receive('request', (message, from) => void this.#carryOut(message, from))
    options.router.receive('reply', (message, from) => this.#take(message, from))
  }

  answer(what: string, answerer: Answerer): void {
    this.#answerers.set(what, answerer)
  }

  async askAll(what: string, question: Uint8Array, withinMs: number): Promise<readonly Uint8Array[]> {
    const { clock, nodes, router } = this.#options
    const id = ++this.#lastId
    const untilMs = clock.monotonicMs() + withinMs
    const message = encodeMessage({ kind: what, id }, question)
    const pending: Pending = { answers: new Map(), onAnswer: () => undefined }
    this.#pending.set(id, pending)
    try {
      for (let asked = await nodes.others(); ; asked = await stillThere(asked, nodes)) {
        const open = asked.filter((node) => !pending.answers.has(node))
        if (open.length === 0) return [...pending.answers.values()]
        if (clock.monotonicMs() >= untilMs) throw notEverybody()
        for (const node of open) router.send(node, 'request', message)
        await this.#wait(pending, open.length)
      }
    } finally {
      this.#pending.delete(id)
    }
  }

  /** For so many answers, but not for long. */
  #wait(pending: Pending, wanted: number): Promise<void> {
    const before = pending.answers.size
    return new Promise((resolve) => {
      const timer: Timer = this.#options.clock.after(AGAIN_MS, resolve)
      pending.onAnswer = () => {
        if (pending.answers.size < before + wanted) return
        timer.cancel()
        resolve()
      }
    })
  }

  async #carryOut(message: Uint8Array, from: string): Promise<void> {
    const { kind, id, body } = read(message) ?? {}
    const answerer = typeof kind === 'string' ? this.#answerers.get(kind) : undefined
    if (answerer === undefined || body === undefined) return
    try {
      const answer = await answerer(body)
      this.#options.router.send(from, 'reply', encodeMessage({ kind: 'reply', id }, answer))
    } catch {
      // Whoever asked hears nothing, and asks again.
    }
  }

  #take(message: Uint8Array, from: string): void {
    const { id, body } = read(message) ?? {}
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined
    if (pending === undefined || body === undefined) return
    pending.answers.set(from, body)
    pending.onAnswer()
  }
}

async function stillThere(
  asked: readonly string[],
  nodes: RequestsOptions['nodes'],
): Promise<readonly string[]> {
  const others = await nodes.others()
  return asked.filter((node) => others.includes(node))
}

function read(message: Uint8Array) {
  const decoded = decodeMessage(message)
  return decoded && { kind: decoded.head['kind'], id: decoded.head['id'], body: decoded.body }
}

function notEverybody(): RollcallError {
  return new RollcallError('unavailable', 'Not every process of the service has answered.', {
    retryAfterSeconds: 1,
    isUndecided: true,
  })
}
