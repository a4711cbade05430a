import { RollcallError } from '@rollcall/protocol/error-code'
import type { Clock } from '../clock/clock.ts'
import { Answered, type Answerer } from './answered.ts'
import { decodeMessage, encodeMessage } from './message.ts'
import type { Nodes } from './nodes.ts'
import type { Router } from './router.ts'

/** Time after which a request that was not answered is sent again, milliseconds. */
const AGAIN_MS = 200

/** What came back from those who were asked. */
export type Gathered = {
  readonly answers: ReadonlyMap<string, Uint8Array>
  /** Who did not answer in time, and is not known to be dead. */
  readonly silent: readonly string[]
}

/** What other nodes have to have done before somebody is told that it is done, or what each knows a part of. */
export interface Requests {
  /**
   * Has every other node answer. Resolves once each has that was there at the call and has not been buried meanwhile; at once,
   * and without a question, where there is no other.
   *
   * @throws RollcallError `unavailable` after `withinMs`: not everybody has, and some may
   */
  askAll(what: string, question: Uint8Array, withinMs: number): Promise<readonly Uint8Array[]>
  /**
   * The same for what is worth having in part: resolves with what there is once all have answered, or after `withinMs`.
   *
   * @throws RollcallError `unavailable` where nobody can say who there is
   */
  gather(what: string, question: Uint8Array, withinMs: number): Promise<Gathered>
  /**
   * Has one other node answer.
   *
   * @throws RollcallError `unavailable` after `withinMs`, or where it is dead: it may have carried it out
   */
  ask(node: string, what: string, question: Uint8Array, withinMs: number): Promise<Uint8Array>
  /** Who answers questions of a kind. It is asked once by each request, however often that comes. One for each. */
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
  readonly #answered = new Answered()
  readonly #pending = new Map<number, Pending>()
  #lastId = 0

  constructor(options: RequestsOptions) {
    this.#options = options
    options.router.receive('request', (message, from) => void this.#carryOut(message, from))
    options.router.receive('reply', (message, from) => this.#take(message, from))
  }

  answer(what: string, answerer: Answerer): void {
    this.#answered.by(what, answerer)
  }

  async askAll(what: string, question: Uint8Array, withinMs: number): Promise<readonly Uint8Array[]> {
    const { answers, silent } = await this.gather(what, question, withinMs)
    if (silent.length > 0) throw notAnswered()
    return [...answers.values()]
  }

  async ask(node: string, what: string, question: Uint8Array, withinMs: number): Promise<Uint8Array> {
    const { answers } = await this.#gatherFrom([node], what, question, withinMs)
    const answer = answers.get(node)
    if (answer === undefined) throw notAnswered()
    return answer
  }

  async gather(what: string, question: Uint8Array, withinMs: number): Promise<Gathered> {
    return this.#gatherFrom(await this.#options.nodes.others(), what, question, withinMs)
  }

  async #gatherFrom(
    nodes: readonly string[],
    what: string,
    question: Uint8Array,
    withinMs: number,
  ): Promise<Gathered> {
    const { clock, router } = this.#options
    const id = ++this.#lastId
    const untilMs = clock.monotonicMs() + withinMs
    const message = encodeMessage({ kind: what, id }, question)
    const pending: Pending = { answers: new Map(), onAnswer: () => undefined }
    this.#pending.set(id, pending)
    try {
      for (let asked = nodes; ; asked = await this.#stillThere(asked)) {
        const open = asked.filter((node) => !pending.answers.has(node))
        const leftMs = untilMs - clock.monotonicMs()
        if (open.length === 0 || leftMs <= 0) return { answers: pending.answers, silent: open }
        for (const node of open) router.send(node, 'request', message)
        await this.#wait(pending, open.length, Math.min(AGAIN_MS, leftMs))
      }
    } finally {
      this.#pending.delete(id)
    }
  }

  /** For so many answers, but not for long. */
  #wait(pending: Pending, wanted: number, forMs: number): Promise<void> {
    const before = pending.answers.size
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(forMs, resolve)
      pending.onAnswer = () => {
        if (pending.answers.size < before + wanted) return
        timer.cancel()
        resolve()
      }
    })
  }

  /** While nobody can say who is dead, everybody is waited for. */
  async #stillThere(asked: readonly string[]): Promise<readonly string[]> {
    const others = await this.#options.nodes.others().catch(() => asked)
    return asked.filter((node) => others.includes(node))
  }

  async #carryOut(message: Uint8Array, from: string): Promise<void> {
    const { kind, id, body } = read(message) ?? {}
    if (typeof kind !== 'string' || typeof id !== 'number' || body === undefined) return
    try {
      const answer = await this.#answered.to(from, id, kind, body)
      if (answer !== undefined)
        this.#options.router.send(from, 'reply', encodeMessage({ kind: 'reply', id }, answer))
    } catch {
      // Whoever asked hears nothing, and asks again.
    }
  }

  #take(message: Uint8Array, from: string): void {
    const { id, body } = read(message) ?? {}
    const pending = typeof id === 'number' ? this.#pending.get(id) : undefined
    if (pending === undefined || body === undefined || pending.answers.has(from)) return
    pending.answers.set(from, body)
    pending.onAnswer()
  }
}

function read(message: Uint8Array) {
  const decoded = decodeMessage(message)
  return decoded && { kind: decoded.head['kind'], id: decoded.head['id'], body: decoded.body }
}

function notAnswered(): RollcallError {
  return new RollcallError('unavailable', 'Not every process of the service has answered.', {
    retryAfterSeconds: 1,
    isUndecided: true,
  })
}
