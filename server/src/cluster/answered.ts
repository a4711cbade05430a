/** Answers that are kept for a question that comes again. One that comes later than so many others is carried out again. */
const KEPT_MAX = 1_000

/** Carries out what another node asks for, and answers; what it rejects with is not told: the other asks again. */
export type Answerer = (question: Uint8Array, from: string) => Promise<Uint8Array> | Uint8Array

/**
 * What this node was asked for. A question comes twice where the answer to it was lost, or late: it is carried out once, and
 * answered as it was then.
 */
export class Answered {
  readonly #answerers = new Map<string, Answerer>()
  readonly #kept = new Map<string, Promise<Uint8Array>>()

  by(what: string, answerer: Answerer): void {
    this.#answerers.set(what, answerer)
  }

  /** `undefined`: nobody here answers such questions. Rejects as the answerer does. */
  async to(from: string, id: number, what: string, question: Uint8Array): Promise<Uint8Array | undefined> {
    const answerer = this.#answerers.get(what)
    if (answerer === undefined) return undefined
    const name = `${id}/${from}`
    const known = this.#kept.get(name)
    if (known !== undefined) return known
    const answering = (async () => answerer(question, from))()
    this.#keep(name, answering)
    return answering
  }

  #keep(name: string, answering: Promise<Uint8Array>): void {
    this.#kept.set(name, answering)
    // What could not be done may be asked for again.
    answering.catch(() => this.#kept.delete(name))
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > KEPT_MAX && oldest !== undefined) this.#kept.delete(oldest)
  }
}
