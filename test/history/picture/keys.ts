import type { Send } from '../lines.ts'
import { type Call, mayCount } from './calls.ts'
import { FORGET_AFTER_MS } from './events.ts'

/**
 * Which events were asked for before under their idempotency key: the answer of a repetition tells what was then, not what is
 * now. Where an answer names another event, that one's calls say what it is worth.
 */
export class Keys {
  readonly #byName = new Map<string, Call<Send>[]>()

  begin(call: Call<Send>): void {
    const name = nameOf(call)
    if (name === undefined) return
    const calls = this.#byName.get(name) ?? []
    this.#byName.set(name, [...calls, call])
  }

  /** The first call that may have sent what this one was answered for: it itself where nobody did before. */
  firstOf(call: Call<Send>): Call<Send> {
    const calls = this.#byName.get(nameOf(call) ?? '') ?? []
    return calls.find((one) => one.begin.number < call.begin.number && mayCount(one)) ?? call
  }

  isRepeated(call: Call<Send>): boolean {
    return this.firstOf(call) !== call
  }

  forget(nowMs: number): void {
    for (const [name, calls] of this.#byName) {
      const newestMs = calls.at(-1)?.begin.line.atMs ?? nowMs
      if (newestMs < nowMs - FORGET_AFTER_MS) this.#byName.delete(name)
    }
  }
}

function nameOf({ begin }: Call<Send>): string | undefined {
  const { by, key, eventId } = begin.line
  return key === undefined ? undefined : JSON.stringify([by, key, eventId])
}
