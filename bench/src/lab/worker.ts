import { once } from 'node:events'
import { parseMessage } from '../load/messages.ts'
import { within } from '../machine/time.ts'
import type { Child } from './children.ts'

/** A process of the benchmark that answers one message at a time. */
export class Worker implements AsyncDisposable {
  readonly #child: Child
  readonly #name: string

  constructor(name: string, child: Child) {
    this.#name = name
    this.#child = child
  }

  async ask<Answer>(message: object, timeoutMs: number): Promise<Answer> {
    const answered = once(this.#child.process, 'message')
    this.#child.process.send(message)
    const [answer] = await within(timeoutMs, `the ${this.#name}`, this.#child.during(answered))
    return parseMessage<Answer>(answer)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stop('SIGKILL')
  }
}
