import type { Item, ItemOf } from './items.ts'

/** An entry that waits, as its record in the history names it. */
type OpenPart = { readonly part: number; readonly index: number }

/**
 * Gives the entries of all mailboxes sequences anew: two of a source may have the same, where their users were in different
 * partitions. All are above what the source has ever given, so that nobody takes one for what it has had. They ascend in the
 * order of their mailboxes, and as far as that allows in the order of the history, by which the embedded engine finds what
 * became of an event. Looks at a stream once, and numbers it in a second reading.
 */
export class Numbering {
  /** By place in the stream: the record that an entry follows. */
  readonly #keys: number[] = []
  readonly #open = new Map<number, OpenPart[]>()
  readonly #calledRecords = new Set<number>()
  #registrationId = 0
  #sequences: Float64Array = new Float64Array()
  #next = 0
  #read = 0
  #user = ''
  #bySequence = new Map<number, number>()
  #byRace = new Map<number, number>()

  look([kind, item]: Item): void {
    if (kind === 'call') this.#calledRecords.add(item.recordId)
    if (kind !== 'entry') return
    const index = this.#keys.length
    const before = this.#registrationId === item.registrationId ? (this.#keys.at(-1) ?? 0) : 0
    this.#registrationId = item.registrationId
    this.#keys.push(Math.max(before, item.record?.recordId ?? 0))
    if (item.record === undefined) return
    const { recordId, part } = item.record
    const parts = this.#open.get(recordId)
    if (parts === undefined) this.#open.set(recordId, [{ part, index }])
    else parts.push({ part, index })
  }

  /** All was looked at. @param above the highest sequence of the source */
  settle(above: number): void {
    const keys = this.#keys
    const order = Uint32Array.from(keys, (_, index) => index)
    order.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b)
    this.#sequences = new Float64Array(keys.length)
    for (const [place, index] of order.entries()) this.#sequences[index] = above + 1 + place
    this.#next = above + 1 + keys.length
  }

  /** The number after all that were given. */
  get next(): number {
    return this.#next
  }

  /** The entry's sequence where one of a record's endpoints waits still; 0: nothing becomes of it any more. */
  sequenceOf(recordId: number, part: number): number {
    const open = this.#open.get(recordId)?.find((one) => one.part === part)
    return open === undefined ? 0 : (this.#sequences[open.index] ?? 0)
  }

  /** Whether a call refers to it. */
  isCalled(recordId: number): boolean {
    return this.#calledRecords.has(recordId)
  }

  /** A number that nothing else has: of a call, of a race. */
  newNumber(): number {
    return this.#next++
  }

  /** The item as it is in the target. Each is to be handed over once, in the order of the stream. */
  renumbered(item: Item): Item {
    const [kind, value] = item
    if (kind === 'race' || kind === 'entry' || kind === 'call') this.#begin(value)
    switch (kind) {
      case 'race':
        return [kind, { ...value, raceId: this.#raceOf(value.raceId) }]
      case 'entry':
        return [kind, this.#entry(value)]
      case 'call':
        return [kind, { ...value, parts: value.parts.map((part) => this.#part(part)) }]
      default:
        return item
    }
  }

  #begin({ organizationId, userId }: { readonly organizationId: string; readonly userId: string }): void {
    const user = `${organizationId}/${userId}`
    if (user === this.#user) return
    this.#user = user
    this.#bySequence = new Map()
    this.#byRace = new Map()
  }

  #raceOf(raceId: number): number {
    const known = this.#byRace.get(raceId) ?? this.newNumber()
    this.#byRace.set(raceId, known)
    return known
  }

  #entry(entry: ItemOf<'entry'>): ItemOf<'entry'> {
    const sequence = this.#sequences[this.#read++] ?? 0
    this.#bySequence.set(entry.sequence, sequence)
    const { raceId } = entry
    return { ...entry, sequence, ...(raceId === undefined ? {} : { raceId: this.#raceOf(raceId) }) }
  }

  /** What has ended has no place any more. */
  #part(part: ItemOf<'call'>['parts'][number]): ItemOf<'call'>['parts'][number] {
    const sequence = this.#bySequence.get(part.sequence)
    return sequence === undefined ? { ...part, registrationId: 0, sequence: 0 } : { ...part, sequence }
  }
}
