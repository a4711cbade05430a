import type { LifecycleEventType, LifecycleReason } from '@rollcall/protocol/lifecycle'
import type { Clock } from '../../clock/clock.ts'
import type { EndpointKey, FeedBounds, FeedEntry, Registration, Watch } from '../store.ts'
import { FeedIndex, type IndexedEntry } from './feed-index.ts'
import { decodeHead, encodeEntry } from './feed-row.ts'
import type { FeedSequences } from './feed-sequences.ts'
import type { Journal } from './journal.ts'
import { readRegistrationId, registrationKey } from './keys.ts'
import type { Rows } from './rows.ts'
import type { StoreLog } from './store-log.ts'

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
  onAdded: (organizationId: string) => void = () => {}

  constructor(options: FeedBookOptions) {
    this.#options = options
  }

  async load(rows: Rows): Promise<void> {
    await rows.scan('feed', (key, value) => {
      const { organizationId, type } = decodeHead(value)
      const bytes = value.length + ROW_BYTES
      this.#push(organizationId, { sequence: readRegistrationId(key), type, bytes, batch: 0 })
    })
  }

  get totals() {
    return { entries: this.#entries, bytes: this.#bytes, dropped: this.#dropped }
  }

  index(organizationId: string): FeedIndex | undefined {
    return this.#indexes.get(organizationId)
  }

  isWatched(organizationId: string, type: LifecycleEventType): boolean {
    return this.#watches.get(organizationId)?.types.has(type) === true
  }

  /** Says what is kept from now on. What is kept of others goes. */
  watch(watches: readonly Watch[]): void {
    this.#watches = new Map(watches.map((watch) => [watch.organizationId, watch]))
    for (const organizationId of this.#toldAtMs.keys())
      if (!this.#watches.has(organizationId)) this.#toldAtMs.delete(organizationId)
    for (const organizationId of [...this.#indexes.keys()])
      if (!this.#watches.has(organizationId)) this.trim(organizationId, Number.POSITIVE_INFINITY)
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

  append(entry: Omit<FeedEntry, 'sequence'>): void {
    const { journal, sequences } = this.#options
    if (!journal.isOpen) return
    const { organizationId, type } = entry
    if (!journal.hasRoom) {
      this.#tell(organizationId, 'changes for webhooks are lost: too much waits to be written')
      return
    }
    const sequence = sequences.next()
    const row = encodeEntry(entry)
    journal.put('feed', registrationKey(sequence), row)
    this.#push(organizationId, { sequence, type, bytes: row.length + ROW_BYTES, batch: journal.batchNumber })
    this.#keepBounds(organizationId)
    this.onAdded(organizationId)
  }

  /** Removes the organization's entries up to `sequence`. */
  trim(organizationId: string, sequence: number): void {
    const index = this.#indexes.get(organizationId)
    if (index === undefined) return
    while (index.oldest !== undefined && index.oldest.sequence <= sequence) this.#shift(organizationId, index)
  }

  #push(organizationId: string, entry: IndexedEntry): void {
    const index = this.#indexes.get(organizationId) ?? new FeedIndex()
    this.#indexes.set(organizationId, index)
    index.push(entry)
    this.#entries++
    this.#bytes += entry.bytes
  }

  #shift(organizationId: string, index: FeedIndex): void {
    const entry = index.shift()
    if (entry === undefined) return
    this.#options.journal.remove('feed', registrationKey(entry.sequence))
    this.#entries--
    this.#bytes -= entry.bytes
    if (index.size === 0) this.#indexes.delete(organizationId)
  }

  #keepBounds(organizationId: string): void {
    const { organizationEntriesMax, organizationBytesMax, entriesMax } = this.#options.bounds
    const index = this.#indexes.get(organizationId)
    while (index !== undefined && (index.size > organizationEntriesMax || index.bytes > organizationBytesMax))
      this.#drop(organizationId, index)
    while (this.#entries > entriesMax) {
      const [largestId, largest] = this.#largest()
      this.#drop(largestId, largest)
    }
  }

  #largest(): readonly [string, FeedIndex] {
    let largest: readonly [string, FeedIndex] = ['', new FeedIndex()]
    for (const pair of this.#indexes) if (pair[1].size > largest[1].size) largest = pair
    return largest
  }

  #drop(organizationId: string, index: FeedIndex): void {
    this.#shift(organizationId, index)
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
