import type { DeadLetter, DeadLetterStore } from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'
import { webhookName } from './positions.ts'

/** What could not be delivered, by webhook, oldest first. */
export class DeadLetters {
  readonly #max: number
  readonly #byWebhook = new Map<string, readonly DeadLetter[]>()
  dropped = 0

  /** @param max of one webhook; past it the oldest are dropped */
  constructor(max: number) {
    this.#max = max
  }

  get count(): number {
    return [...this.#byWebhook.values()].reduce((count, letters) => count + letters.length, 0)
  }

  list(webhook: string): readonly DeadLetter[] {
    return this.#byWebhook.get(webhook) ?? []
  }

  add(webhook: string, letters: readonly DeadLetter[]): void {
    const all = [...this.list(webhook), ...letters].sort((a, b) => a.entry.sequence - b.entry.sequence)
    const excess = Math.max(0, all.length - this.#max)
    this.dropped += excess
    this.#byWebhook.set(webhook, all.slice(excess))
  }

  remove(webhook: string, sequences: ReadonlySet<number>): void {
    this.#byWebhook.set(
      webhook,
      this.list(webhook).filter(({ entry }) => !sequences.has(entry.sequence)),
    )
  }

  /** Removes letters of all webhooks. Returns how many. */
  erase(isGone: (letter: DeadLetter) => boolean): number {
    const before = this.count
    for (const [webhook, letters] of this.#byWebhook)
      this.#byWebhook.set(
        webhook,
        letters.filter((letter) => !isGone(letter)),
      )
    return before - this.count
  }

  forget(webhook: string): void {
    this.#byWebhook.delete(webhook)
  }
}

export function memoryDeadLetters(letters: DeadLetters, gate: Gate): DeadLetterStore {
  return {
    async list(webhook, afterSequence, max) {
      assertOpen(gate)
      const later = letters.list(webhookName(webhook)).filter(({ entry }) => entry.sequence > afterSequence)
      return later.slice(0, max)
    },
    async sequences(webhook) {
      assertOpen(gate)
      return letters.list(webhookName(webhook)).map(({ entry }) => entry.sequence)
    },
    async remove(webhook, sequences) {
      assertOpen(gate)
      letters.remove(webhookName(webhook), new Set(sequences))
    },
  }
}
