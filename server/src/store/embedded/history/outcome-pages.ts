import type { DiscardReason } from '@rollcall/protocol/history'
import { isFinal } from '../../history-query.ts'
import type { HistoryEndpoint, Noted, Outcome } from '../../store.ts'
import type { Commit } from '../journal/commit.ts'
import { numberKey } from '../keys.ts'
import type { Rows } from '../rows.ts'
import { codeOf, notedOf } from './history-record.ts'

/** Consecutive mailbox sequences whose outcomes share a row: what is sent together is acknowledged together. */
const PAGE_SEQUENCES = 64
/** Pages kept in memory besides those that are not durable yet. */
const PAGES_MAX = 512
/** Pages looked at for one to forget, when there are too many. */
const FORGET_TRIES = 8
const FIRST_BYTES = 320
/** Place in the page, outcome with its reason, time. */
const NOTE_BYTES = 10

export type PagesContext = {
  readonly rows: Rows
  /** Whether everything up to and including this commit is durable. */
  readonly isDurable: (commitNumber: number) => boolean
}

/** What became of mailbox entries after their records were written. */
export class OutcomePages {
  readonly #context: PagesContext
  readonly #pages = new Map<number, Page>()
  #dirty: Page[] = []

  constructor(context: PagesContext) {
    this.#context = context
  }

  get isBehind(): boolean {
    return this.#dirty.length > 0
  }

  note(sequence: number, outcome: Outcome, atWallMs: number, reason?: DiscardReason): void {
    const page = this.#page(sequence)
    if (!page.note(sequence % PAGE_SEQUENCES, outcome, atWallMs, reason) || page.isDirty) return
    page.isDirty = true
    this.#dirty.push(page)
  }

  of(sequence: number): HistoryEndpoint['at'] {
    return this.#page(sequence).of(sequence % PAGE_SEQUENCES)
  }

  writeInto(commit: Commit): void {
    const pages = this.#dirty
    this.#dirty = []
    for (const page of pages) {
      page.isDirty = false
      page.commit = commit.number
      if (!page.isGone) commit.put('outcomes', numberKey(page.number), page.written())
    }
  }

  /** The page is removed from disk: whoever is still behind with it drops it. */
  forget(number: number): void {
    const page = this.#pages.get(number)
    if (page !== undefined) page.isGone = true
    this.#pages.delete(number)
  }

  #page(sequence: number): Page {
    const number = pageOf(sequence)
    const known = this.#pages.get(number)
    if (known !== undefined) return known
    const page = new Page(number, this.#context.rows.get('outcomes', numberKey(number)))
    this.#pages.set(number, page)
    if (this.#pages.size > PAGES_MAX) this.#forgetOldest()
    return page
  }

  /** Only what is on disk can be forgotten; what is not goes to the end of the queue. */
  #forgetOldest(): void {
    let tries = FORGET_TRIES
    for (const [number, page] of this.#pages) {
      if (this.#pages.size <= PAGES_MAX || tries-- === 0) return
      this.#pages.delete(number)
      if (page.isDirty || !this.#context.isDurable(page.commit)) this.#pages.set(number, page)
    }
  }
}

export function pageOf(sequence: number): number {
  return Math.floor(sequence / PAGE_SEQUENCES)
}

/** Notes in the order in which they were made. Bytes that were written are not changed any more. */
class Page {
  readonly number: number
  isDirty = false
  isGone = false
  /** The commit that holds it as it was last written. */
  commit = 0
  /** For each sequence, one bit for each outcome that was noted. */
  readonly #noted = new Uint8Array(PAGE_SEQUENCES)
  #bytes: Buffer
  #end: number

  constructor(number: number, row: Uint8Array | undefined) {
    this.number = number
    this.#bytes = row === undefined ? Buffer.allocUnsafe(FIRST_BYTES) : Buffer.from(row)
    this.#end = row?.byteLength ?? 0
    for (const { place, noted } of this.#all()) this.#mark(place, noted.outcome)
  }

  /** Tells whether it changed anything. */
  note(place: number, outcome: Outcome, atWallMs: number, reason: DiscardReason | undefined): boolean {
    const noted = QUEUED_BIT | (this.#noted[place] ?? 0)
    if ((noted & (FINAL_BITS | bitOf(outcome))) !== 0) return false
    if (outcome === 'woken' && (noted & SENT_BIT) !== 0) return false
    if (this.#end + NOTE_BYTES > this.#bytes.length) this.#grow()
    this.#bytes.writeUInt8(place, this.#end)
    this.#bytes.writeUInt8(codeOf(outcome, reason), this.#end + 1)
    this.#bytes.writeDoubleBE(atWallMs, this.#end + 2)
    this.#end += NOTE_BYTES
    this.#mark(place, outcome)
    return true
  }

  of(place: number): HistoryEndpoint['at'] {
    if (this.#noted[place] === 0) return []
    return this.#all().flatMap((one) => (one.place === place ? [one.noted] : []))
  }

  written(): Buffer {
    return this.#bytes.subarray(0, this.#end)
  }

  #all(): { place: number; noted: Noted }[] {
    return Array.from({ length: this.#end / NOTE_BYTES }, (_, index) => {
      const at = index * NOTE_BYTES
      const noted = notedOf(this.#bytes.readUInt8(at + 1), this.#bytes.readDoubleBE(at + 2))
      return { place: this.#bytes.readUInt8(at), noted }
    })
  }

  #mark(place: number, outcome: Outcome): void {
    this.#noted[place] = (this.#noted[place] ?? 0) | bitOf(outcome)
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(Math.max(FIRST_BYTES, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}

function bitOf(outcome: Outcome): number {
  return 1 << codeOf(outcome)
}

/** Every entry was queued: its record says when. */
const QUEUED_BIT = bitOf('queued')

/** A device that has it needs no waking any more. */
const SENT_BIT = bitOf('sent')

const FINAL_BITS = (['acknowledged', 'expired', 'discarded'] as const satisfies Outcome[])
  .filter(isFinal)
  .reduce((bits, outcome) => bits | bitOf(outcome), 0)
