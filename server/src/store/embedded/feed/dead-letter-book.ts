import type { DeadLetter, WebhookKey } from '../../store.ts'
import type { Journal } from '../journal/journal.ts'
import { numberKey, readNumberKey } from '../keys.ts'
import type { Rows } from '../rows.ts'
import { decodeDeadLetter, encodeDeadLetter } from './feed-row.ts'
import { webhookKey, webhookName } from './webhook-book.ts'

/** What a row's key begins with is the webhook's. */
export const WEBHOOK_KEY_BYTES = 24

/** What could not be delivered: which there are in memory, their rows on disk. */
export class DeadLetterBook {
  readonly #journal: Journal
  readonly #max: number
  /** By webhook: sequences, oldest first, and the commit that holds each. */
  readonly #commits = new Map<string, Map<number, number>>()
  #count = 0
  #dropped = 0

  /** @param max of one webhook; past it the oldest are dropped */
  constructor(journal: Journal, max: number) {
    this.#journal = journal
    this.#max = max
  }

  get count(): number {
    return this.#count
  }

  /** Since the start, because there were too many. */
  get dropped(): number {
    return this.#dropped
  }

  /** @param webhooks all that are known */
  async load(rows: Rows, webhooks: Iterable<WebhookKey>): Promise<void> {
    const names = new Map([...webhooks].map((one) => [webhookKey(one).toString('hex'), webhookName(one)]))
    await rows.scanKeys('deadLetters', (key) => {
      const bytes = Buffer.from(key)
      const name = names.get(bytes.toString('hex', 0, WEBHOOK_KEY_BYTES))
      if (name !== undefined) this.#set(name, readNumberKey(bytes.subarray(WEBHOOK_KEY_BYTES)), 0)
    })
  }

  sequences(webhook: WebhookKey): readonly number[] {
    return [...(this.#commits.get(webhookName(webhook))?.keys() ?? [])]
  }

  add(webhook: WebhookKey, letters: readonly DeadLetter[]): void {
    const name = webhookName(webhook)
    for (const letter of letters) {
      const { sequence } = letter.entry
      this.#journal.put('deadLetters', deadLetterKey(webhook, sequence), encodeDeadLetter(letter))
      this.#set(name, sequence, this.#journal.commitNumber)
    }
    const kept = this.#commits.get(name)
    for (const oldest of kept?.keys() ?? []) {
      if ((kept?.size ?? 0) <= this.#max) break
      this.remove(webhook, [oldest])
      this.#dropped++
    }
  }

  /** Returns whether there were any. */
  remove(webhook: WebhookKey, sequences: readonly number[]): boolean {
    const kept = this.#commits.get(webhookName(webhook))
    const known = sequences.filter((sequence) => kept?.delete(sequence) === true)
    for (const sequence of known) this.#journal.remove('deadLetters', deadLetterKey(webhook, sequence))
    this.#count -= known.length
    return known.length > 0
  }

  forget(webhook: WebhookKey): void {
    this.remove(webhook, this.sequences(webhook))
    this.#commits.delete(webhookName(webhook))
  }

  /** At most `max` after `afterSequence`, as far as they are durable. */
  async read(
    rows: Rows,
    webhook: WebhookKey,
    afterSequence: number,
    max: number,
  ): Promise<readonly DeadLetter[]> {
    const kept = this.#commits.get(webhookName(webhook)) ?? new Map<number, number>()
    const wanted = [...kept].filter(([sequence]) => sequence > afterSequence).slice(0, max)
    if (wanted.some(([, commit]) => !this.#journal.isDurable(commit))) await this.#journal.durable()
    return wanted.flatMap(([sequence]) => {
      const row = rows.get('deadLetters', deadLetterKey(webhook, sequence))
      return row === undefined ? [] : [decodeDeadLetter(sequence, row)]
    })
  }

  #set(name: string, sequence: number, commit: number): void {
    const kept = this.#commits.get(name) ?? new Map<number, number>()
    this.#commits.set(name, kept)
    if (!kept.has(sequence)) this.#count++
    kept.set(sequence, commit)
  }
}

export function deadLetterKey(webhook: WebhookKey, sequence: number): Buffer {
  return Buffer.concat([webhookKey(webhook), numberKey(sequence)])
}
