import {
  decodeMessage,
  encodeMessage,
  type Receiver,
  type Router,
  SUBJECTS,
  type Subject,
} from '../cluster.ts'

/** Carries bytes to a process by its incarnation, or loses them. */
export type Carrier = {
  send(node: string, message: Buffer): void
  /** Resolves once what is sent to this incarnation comes. Returns what ends it. */
  listen(node: string, receiver: (message: Buffer) => void): Promise<() => void>
}

const KNOWN: ReadonlySet<string> = new Set(SUBJECTS)

/** Messages between nodes over the Redis that they share. */
export class RedisRouter implements Router {
  readonly #carrier: Carrier
  readonly #self: () => string
  readonly #receivers = new Map<string, Receiver>()
  #stop: () => void = () => undefined

  constructor(carrier: Carrier, self: () => string) {
    this.#carrier = carrier
    this.#self = self
  }

  send(node: string, subject: Subject, message: Uint8Array): void {
    this.#carrier.send(node, encodeMessage({ kind: subject, from: this.#self() }, message))
  }

  receive(subject: Subject, receiver: Receiver): void {
    this.#receivers.set(subject, receiver)
  }

  /** Hears what is sent to this node by the incarnation that it has now, and no longer what was for a former one. */
  async listen(): Promise<void> {
    this.#stop()
    this.#stop = await this.#carrier.listen(this.#self(), (message) => this.#take(message))
  }

  close(): void {
    this.#stop()
  }

  #take(message: Buffer): void {
    const { head, body } = decodeMessage(message) ?? {}
    const { kind, from } = head ?? {}
    if (typeof kind !== 'string' || typeof from !== 'string' || body === undefined || !KNOWN.has(kind)) return
    this.#receivers.get(kind)?.(body, from)
  }
}
