import type { ItemOf } from '../../move/items.ts'
import { deadLetterKey } from '../feed/dead-letter-book.ts'
import { encodeDeadLetter, encodeEntry } from '../feed/feed-row.ts'
import { feedSequenceChange } from '../feed/feed-sequences.ts'
import { webhookRow } from '../feed/webhook-book.ts'
import { numberKey, registrationKey } from '../keys.ts'
import type { RowChange } from '../rows.ts'

/**
 * Rows of what webhooks are told. Receivers know entries by their sequences, so that those stay; but here no two
 * organizations have the same, where another store lets them: then the later one's goes to the next that is free.
 */
export class FeedTarget {
  readonly #used = new Set<number>()
  readonly #moved = new Map<string, number>()
  #organizationId = ''
  #last = 0
  #highest = 0

  entry({ entry }: ItemOf<'feedEntry'>): readonly RowChange[] {
    const { organizationId } = entry
    if (organizationId !== this.#organizationId) this.#last = 0
    this.#organizationId = organizationId
    const sequence = this.#freeFrom(Math.max(entry.sequence, this.#last + 1))
    if (sequence !== entry.sequence) this.#moved.set(`${organizationId}/${entry.sequence}`, sequence)
    this.#last = sequence
    return [{ table: 'feed', key: numberKey(sequence), value: encodeEntry(entry) }]
  }

  webhook(webhook: ItemOf<'webhook'>): readonly RowChange[] {
    const { organizationId, doneSequence, batch } = webhook
    const at = (sequence: number) => this.#moved.get(`${organizationId}/${sequence}`) ?? sequence
    const begun = batch && { ...batch, lastSequence: at(batch.lastSequence) }
    this.#note(doneSequence)
    return [webhookRow({ ...webhook, doneSequence: at(doneSequence), batch: begun })]
  }

  deadLetter({ organizationId, webhookId, ...letter }: ItemOf<'deadLetter'>): readonly RowChange[] {
    const { sequence } = letter.entry
    this.#note(sequence)
    const key = deadLetterKey({ organizationId, webhookId }, sequence)
    return [{ table: 'deadLetters', key, value: encodeDeadLetter(letter) }]
  }

  link({ registrationId, entry }: ItemOf<'link'>): readonly RowChange[] {
    return [{ table: 'links', key: registrationKey(registrationId), value: encodeEntry(entry) }]
  }

  /** No sequence is given twice. */
  finish(): readonly RowChange[] {
    return [feedSequenceChange(this.#highest + 1)]
  }

  #freeFrom(from: number): number {
    let sequence = from
    while (this.#used.has(sequence)) sequence++
    this.#used.add(sequence)
    this.#note(sequence)
    return sequence
  }

  #note(sequence: number): void {
    this.#highest = Math.max(this.#highest, sequence)
  }
}
