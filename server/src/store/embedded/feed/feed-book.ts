import type { LifecycleEventType, LifecycleReason } from '@rollcall/protocol/lifecycle'
import type { Clock } from '../../../clock/clock.ts'
import { Flapping } from '../../flapping.ts'
import type { EndpointKey, FeedBounds, FeedEntry, Registration, Watch } from '../../store.ts'
import type { StoreLog } from '../../store-log.ts'
import type { Journal } from '../journal/journal.ts'
import { numberKey, readNumberKey } from '../keys.ts'
import type { Rows } from '../rows.ts'
import { FeedIndex, type Gap, type IndexedEntry } from './feed-index.ts'
import { decodeEntry, encodeEntry } from './feed-row.ts'
import type { FeedSequences } from './feed-sequences.ts'

/** What a row takes beside its value, bytes. */
const ROW_BYTES = 8
/** Time between two lines of the log about the same thing, milliseconds. */
const QUIET_MS = 60_000

/** Whom an entry is about, and what it shows of its registration, where there is one. */
export type Subject = EndpointKey &
  Partial<Pick<Registration, 'registeredAtWallMs' | 'lastKeepAliveAtWallMs' | 'keepAliveSeconds'>>

/** What an entry has beside that. */
type More = Pick<FeedEntry, 'connectedAtWallMs' | 'eventId' | 'answer'>

export type FeedBookOptions = {
  readonly journal: Journal
  readonly sequences: FeedSequences
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: StoreLog
  readonly bounds: FeedBounds
}

/** The changes of watched organizations: what memory knows of them, and their rows. */
export class FeedBook {
  readonly #options: FeedBookOptions
  readonly #indexes = new Map<string, FeedIndex>()
  #watches = new Map<string, Watch>()
  #entries = 0
  #bytes = 0
  #dropped = 0
  readonly #toldAtMs = new Map<string, number>()
  readonly #flapping = new Flapping<IndexedEntry>()
  /** What could not be taken, until it can be told. */
  readonly #missed = new Map<string, Gap & { readonly atWallMs: number }>()
  readonly listeners = new Set<(organizationId: string) => void>()

  constructor(options: FeedBookOptions) {
    this.#options = options
  }

  async load(rows: Rows): Promise<void> {
    await rows.scan('feed', (key, value) => {
      const entry = decodeEntry(readNumberKey(key), value)
      this.#push(entry.organizationId, {
        ...indexed(entry, value, 0),
        sequence: entry.sequence,
        // As far as anybody knows.
        isRead: true,
      })
    })
  }

  get totals() {
    return { entries: this.#entries, bytes: this.#bytes }
  }

  /** Since the start, because there were too many. */
  get dropped(): number {
    return this.#dropped
  }

  /** Organizations of which something is kept. */
  get organizations(): readonly string[] {
    return [...this.#indexes.keys()]
  }

  index(organizationId: string): FeedIndex | undefined {
    return this.#indexes.get(organizationId)
  }

  isWatched(organizationId: string, type: LifecycleEventType): boolean {
    return this.#watches.get(organizationId)?.types.has(type) === true
  }

  /** Says what is kept from now on. */
  watch(watches: readonly Watch[]): void {
    this.#watches = new Map(watches.map((watch) => [watch.organizationId, watch]))
    for (const organizationId of this.#toldAtMs.keys())
      if (!this.#watches.has(organizationId)) this.#toldAtMs.delete(organizationId)
    for (const organizationId of this.#missed.keys())
      if (!this.#watches.has(organizationId)) this.#missed.delete(organizationId)
  }

  /** Adds an entry, with the changes that the journal takes now. */
  add(
    type: LifecycleEventType,
    subject: Subject,
    reason: LifecycleReason,
    atWallMs: number,
    more: More = {},
  ): void {
    if (this.isWatched(subject.organizationId, type))
      this.append(entryOf(type, subject, reason, atWallMs, more))
  }

  /**
   * Adds a change of an endpoint's link. Of one that flaps, a change that undoes one which nobody has read yet takes that
   * back instead.
   */
  addLink(
    type: LifecycleEventType,
    subject: Subject & { readonly registrationId: number },
    reason: LifecycleReason,
    atWallMs: number,
    more: More = {},
  ): void {
    const { organizationId, registrationId } = subject
    if (!this.isWatched(organizationId, type)) return
    const nowMs = this.#options.clock.monotonicMs()
    const last = this.#flapping.count(registrationId, nowMs)?.last
    if (last === undefined || !this.#takeBack(organizationId, last, type)) {
      const entry = this.append(entryOf(type, subject, reason, atWallMs, more))
      this.#flapping.told(registrationId, entry, nowMs)
    } else if (last.isGone) this.#flapping.told(registrationId, undefined, nowMs)
  }

  append(entry: Omit<FeedEntry, 'sequence'>): IndexedEntry | undefined {
    const { journal } = this.#options
    if (!journal.isOpen) return undefined
    const { organizationId, atWallMs } = entry
    if (!journal.hasRoom) {
      const { dropped = 0, fromWallMs = atWallMs } = this.#missed.get(organizationId) ?? {}
      this.#missed.set(organizationId, { dropped: dropped + 1, fromWallMs, atWallMs })
      this.#tell(organizationId, 'changes for webhooks are lost: too much waits to be written')
      return undefined
    }
    this.#tellMissed(organizationId)
    return this.#add(entry)
  }

  /** Tells what could not be taken, now that it can be. */
  tellMissed(): void {
    const { journal } = this.#options
    if (this.#missed.size === 0 || !journal.isOpen || !journal.hasRoom) return
    for (const organizationId of [...this.#missed.keys()]) this.#tellMissed(organizationId)
  }

  #tellMissed(organizationId: string): void {
    const missed = this.#missed.get(organizationId)
    if (missed === undefined) return
    this.#missed.delete(organizationId)
    this.#add(gapEntry(organizationId, 'store_busy', missed, missed.atWallMs))
  }

  #add(entry: Omit<FeedEntry, 'sequence'>): IndexedEntry {
    const { journal, sequences } = this.#options
    const { organizationId } = entry
    const sequence = sequences.next()
    const row = encodeEntry(entry)
    journal.put('feed', numberKey(sequence), row)
    const added = { ...indexed(entry, row, journal.commitNumber), sequence }
    this.#push(organizationId, added)
    this.#keepBounds(organizationId)
    for (const listener of this.listeners) listener(organizationId)
    return added
  }

  /** Whether a change needs not be told: what was said last was not read yet, and is taken back, or says the same. */
  #takeBack(organizationId: string, last: IndexedEntry, type: LifecycleEventType): boolean {
    const index = this.#indexes.get(organizationId)
    if (index === undefined || last.isGone || last.isRead) return false
    if (last.type !== type) this.#remove(organizationId, index, last)
    return true
  }

  /** Removes the organization's entries up to `sequence`. */
  trim(organizationId: string, sequence: number): void {
    const index = this.#indexes.get(organizationId)
    if (index === undefined) return
    for (let { oldest } = index; oldest !== undefined && oldest.sequence <= sequence; { oldest } = index)
      this.#remove(organizationId, index, oldest)
  }

  /** Takes one entry out, whether or not it was sent. */
  erase(organizationId: string, entry: IndexedEntry): void {
    const index = this.#indexes.get(organizationId)
    if (index !== undefined && !entry.isGone) this.#remove(organizationId, index, entry)
  }

  #push(organizationId: string, entry: IndexedEntry): void {
    const index = this.#indexes.get(organizationId) ?? new FeedIndex()
    this.#indexes.set(organizationId, index)
    index.push(entry)
    this.#count(entry, 1)
  }

  #remove(organizationId: string, index: FeedIndex, entry: IndexedEntry): void {
    index.remove(entry)
    this.#options.journal.remove('feed', numberKey(entry.sequence))
    this.#count(entry, -1)
    if (index.size === 0) this.#indexes.delete(organizationId)
  }

  /** Gaps are few, and count to nothing. */
  #count({ bytes, gap }: IndexedEntry, by: 1 | -1): void {
    if (gap !== undefined) return
    this.#entries += by
    this.#bytes += by * bytes
  }

  #keepBounds(organizationId: string): void {
    const { organizationEntriesMax, organizationBytesMax, entriesMax } = this.#options.bounds
    const index = this.#indexes.get(organizationId)
    while (
      index !== undefined &&
      (index.changes > organizationEntriesMax || index.bytes > organizationBytesMax)
    )
      this.#drop(organizationId, index)
    while (this.#entries > entriesMax) {
      const [largestId, largest] = this.#largest()
      this.#drop(largestId, largest)
    }
  }

  #largest(): readonly [string, FeedIndex] {
    let largest: readonly [string, FeedIndex] = ['', new FeedIndex()]
    for (const pair of this.#indexes) if (pair[1].changes > largest[1].changes) largest = pair
    return largest
  }

  /**
   * Drops the oldest change. In its place a gap says so, which takes in the one before it; but for one that was read: it
   * may have been told already.
   */
  #drop(organizationId: string, index: FeedIndex): void {
    const { change, gap } = index.oldestChange() ?? {}
    if (change === undefined) return
    const { journal } = this.#options
    const before = gap?.isRead === false ? gap : undefined
    const { dropped = 0, fromWallMs = change.atWallMs } = before?.gap ?? {}
    const whole = { dropped: dropped + 1, fromWallMs }
    const entry = gapEntry(organizationId, 'feed_full', whole, change.atWallMs)
    const row = encodeEntry(entry)
    journal.put('feed', numberKey(change.sequence), row)
    const made = { ...indexed(entry, row, journal.commitNumber), sequence: change.sequence }
    index.replace(change, made)
    this.#count(change, -1)
    this.#count(made, 1)
    if (before !== undefined) this.#remove(organizationId, index, before)
    this.#tell(organizationId, 'changes for webhooks are lost: the feed is full, and the oldest are dropped')
  }

  /** Says once a minute of each organization that it loses changes: what its webhooks do not hear of is gone. */
  #tell(organizationId: string, why: string): void {
    this.#dropped++
    const { clock, log } = this.#options
    const nowMs = clock.monotonicMs()
    if (nowMs - (this.#toldAtMs.get(organizationId) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return
    // Watched organizations are those of the directory: no more of them are remembered.
    this.#toldAtMs.set(organizationId, nowMs)
    log.warn(why, { organizationId, dropped: this.#dropped })
  }
}

function indexed(
  { type, atWallMs, dropped, fromWallMs = atWallMs }: Omit<FeedEntry, 'sequence'>,
  row: Uint8Array,
  commit: number,
): Omit<IndexedEntry, 'sequence'> {
  const gap = dropped === undefined ? undefined : { dropped, fromWallMs }
  return { type, atWallMs, bytes: row.length + ROW_BYTES, commit, gap, isRead: false, isGone: false }
}

function gapEntry(
  organizationId: string,
  reason: LifecycleReason<'FeedGapEvent'>,
  { dropped, fromWallMs }: Gap,
  atWallMs: number,
): Omit<FeedEntry, 'sequence'> {
  const nobody = { organizationId, userId: '', userEndpointId: '' }
  return { ...nobody, type: 'FeedGapEvent', reason, atWallMs, dropped, fromWallMs }
}

export function entryOf(
  type: LifecycleEventType,
  subject: Subject,
  reason: LifecycleReason,
  atWallMs: number,
  more: More = {},
): Omit<FeedEntry, 'sequence'> {
  const { organizationId, userId, userEndpointId } = subject
  return { organizationId, userId, userEndpointId, type, reason, atWallMs, ...timesOf(subject), ...more }
}

function timesOf({ registeredAtWallMs, lastKeepAliveAtWallMs, keepAliveSeconds }: Subject) {
  const isRegistered =
    registeredAtWallMs !== undefined && lastKeepAliveAtWallMs !== undefined && keepAliveSeconds !== undefined
  return isRegistered ? { registeredAtWallMs, lastKeepAliveAtWallMs, keepAliveSeconds } : {}
}
