import {
  LIFECYCLE_EVENTS,
  type LifecycleEventType,
  type LifecycleReason,
  type ReceiptType,
} from '@rollcall/protocol/lifecycle'
import type { Clock } from '../../../clock/clock.ts'
import { Flapping } from '../../flapping.ts'
import type {
  EndpointKey,
  FeedBounds,
  FeedEntry,
  FeedStore,
  Registration,
  Watch,
  WebhookKey,
} from '../../store.ts'
import { assertOpen, type Gate } from '../gate.ts'
import type { Slots } from '../registrations/slots.ts'
import { DeadLetters } from './dead-letters.ts'

type Position = { doneSequence: number; batch: { lastSequence: number; sinceWallMs: number } | undefined }

/** What an entry has beside what its registration says. */
export type FeedMore = Pick<FeedEntry, 'connectedAtWallMs' | 'eventId' | 'answer'>

/** Whom an entry is about: a registration, or an endpoint that has none any more. */
export type FeedSubject =
  | (EndpointKey & Pick<Registration, 'registeredAtWallMs' | 'lastKeepAliveAtWallMs' | 'keepAliveSeconds'>)
  | (EndpointKey & { readonly registeredAtWallMs?: never; readonly keepAliveSeconds?: never })

/** The changes of watched organizations, oldest first. */
export class Feed {
  readonly #bounds: FeedBounds
  readonly deadLetters: DeadLetters
  readonly links = new Map<number, number>()
  readonly positions = new Map<string, Position>()
  #newestSequence = 0
  watches: readonly Watch[] = []
  entries: readonly FeedEntry[] = []
  dropped = 0
  onAdded: (organizationId: string) => void = () => {}
  readonly #flapping = new Flapping<FeedEntry>()
  readonly #clock: Pick<Clock, 'monotonicMs'>
  /** What somebody has read: it may have been sent. */
  readonly read = new WeakSet<FeedEntry>()

  constructor(bounds: FeedBounds, clock: Pick<Clock, 'monotonicMs'>) {
    this.#bounds = bounds
    this.#clock = clock
    this.deadLetters = new DeadLetters(bounds.deadLettersMax)
  }

  isWatched(organizationId: string, type: LifecycleEventType): boolean {
    return this.watches.some((watch) => watch.organizationId === organizationId && watch.types.has(type))
  }

  add(
    type: LifecycleEventType,
    subject: FeedSubject,
    reason: LifecycleReason,
    atWallMs: number,
    more: FeedMore = {},
  ): void {
    const { organizationId, userId, userEndpointId } = subject
    if (!this.isWatched(organizationId, type)) return
    const endpoint = { organizationId, userId, userEndpointId }
    this.entries = [
      ...this.entries,
      {
        sequence: ++this.#newestSequence,
        type,
        reason,
        ...endpoint,
        atWallMs,
        ...timesOf(subject),
        ...more,
      },
    ]
    this.#keepBounds(organizationId)
    this.onAdded(organizationId)
  }

  /** See `FeedStore`: of an endpoint that flaps, a change undoes the one before it that nobody has read. */
  addLink(
    type: LifecycleEventType,
    subject: Registration,
    reason: LifecycleReason,
    atWallMs: number,
    more: FeedMore = {},
  ): void {
    const { organizationId, registrationId } = subject
    if (!this.isWatched(organizationId, type)) return
    const nowMs = this.#clock.monotonicMs()
    const last = this.#flapping.count(registrationId, nowMs)?.last
    if (last !== undefined && this.entries.includes(last) && !this.read.has(last)) {
      if (last.type === type) return
      this.entries = this.entries.filter((entry) => entry !== last)
      this.#flapping.told(registrationId, undefined, nowMs)
      return
    }
    this.add(type, subject, reason, atWallMs, more)
    this.#flapping.told(registrationId, this.entries.at(-1), nowMs)
  }

  addReceipt(
    type: ReceiptType,
    subject: FeedSubject,
    eventId: string,
    atWallMs: number,
    answer?: Uint8Array,
  ): void {
    const said = answer === undefined ? {} : { answer: Buffer.from(answer).toString() }
    this.add(type, subject, LIFECYCLE_EVENTS[type][0], atWallMs, { eventId, ...said })
  }

  watch(watches: readonly Watch[]): void {
    this.watches = watches
    const names = new Set<string>()
    for (const { organizationId, webhookIds } of watches)
      for (const webhookId of webhookIds) {
        const name = webhookName({ organizationId, webhookId })
        names.add(name)
        if (!this.positions.has(name))
          this.positions.set(name, { doneSequence: this.#newestSequence, batch: undefined })
      }
    for (const name of this.positions.keys()) {
      if (names.has(name)) continue
      this.positions.delete(name)
      this.deadLetters.forget(name)
    }
    this.trim()
  }

  /** Removes what every webhook of the organization is past. */
  trim(): void {
    const doneOf = (organizationId: string) => {
      const watch = this.watches.find((one) => one.organizationId === organizationId)
      const ids = watch?.webhookIds ?? []
      const done = ids.map((webhookId) => this.positions.get(webhookName({ organizationId, webhookId })))
      return Math.min(...done.map((position) => position?.doneSequence ?? 0))
    }
    this.entries = this.entries.filter((entry) => entry.sequence > doneOf(entry.organizationId))
  }

  /** Without what stands for those that were dropped. */
  get changes(): readonly FeedEntry[] {
    return this.entries.filter((entry) => entry.dropped === undefined)
  }

  #keepBounds(organizationId: string): void {
    const { organizationEntriesMax, organizationBytesMax, entriesMax } = this.#bounds
    const own = this.changes.filter((entry) => entry.organizationId === organizationId)
    if (own.length > organizationEntriesMax || bytesOf(own) > organizationBytesMax) this.#drop(organizationId)
    if (this.changes.length > entriesMax) this.#drop(largest(this.changes))
  }

  #drop(organizationId: string): void {
    const own = this.entries.filter((entry) => entry.organizationId === organizationId)
    const at = own.findIndex((entry) => entry.dropped === undefined)
    const [gap, change] = [own[at - 1], own[at]]
    if (change === undefined) return
    const before = gap !== undefined && !this.read.has(gap) ? gap : undefined
    const { sequence, atWallMs } = change
    const made: FeedEntry = {
      ...{ sequence, organizationId, userId: '', userEndpointId: '', atWallMs },
      ...{ type: 'FeedGapEvent', reason: 'feed_full' },
      dropped: (before?.dropped ?? 0) + 1,
      fromWallMs: before?.fromWallMs ?? atWallMs,
    }
    const left = this.entries.filter((entry) => entry !== before)
    this.entries = left.map((entry) => (entry === change ? made : entry))
    this.dropped++
  }
}

function timesOf(subject: FeedSubject) {
  if (subject.registeredAtWallMs === undefined) return {}
  const { registeredAtWallMs, lastKeepAliveAtWallMs, keepAliveSeconds } = subject
  return { registeredAtWallMs, lastKeepAliveAtWallMs, keepAliveSeconds }
}

export function memoryFeed(feed: Feed, slots: Slots, gate: Gate): FeedStore {
  const { deadLetters, links, positions } = feed
  return {
    watch: (watches) => feed.watch(watches),
    isWatched: (organizationId, type) => feed.isWatched(organizationId, type),
    noteConnected(registration, atWallMs) {
      links.set(registration.registrationId, atWallMs)
      feed.addLink('UserEndpointConnectedEvent', registration, 'subscribed', atWallMs)
    },
    noteDisconnected(registration, reason, atWallMs) {
      const connectedAtWallMs = links.get(registration.registrationId)
      links.delete(registration.registrationId)
      const more = connectedAtWallMs === undefined ? {} : { connectedAtWallMs }
      feed.addLink('UserEndpointDisconnectedEvent', registration, reason, atWallMs, more)
    },
    noteExpired(registration, sequence, atWallMs) {
      const slot = slots.byId.get(registration.registrationId)
      const entry = slot?.mailbox.find((one) => one.sequence === sequence)
      if (slot !== undefined && entry !== undefined)
        feed.addReceipt('UserEventExpiredEvent', slot.registration, entry.eventId, atWallMs)
    },
    noteSignInLocked: (user, atWallMs) =>
      feed.add('SignInLockedEvent', { ...user, userEndpointId: '' }, 'too_many_attempts', atWallMs),
    onAdded(listener) {
      feed.onAdded = listener
    },
    async read(organizationId, afterSequence, max) {
      assertOpen(gate)
      const read = of(feed.entries, organizationId, afterSequence).slice(0, max)
      for (const entry of read) feed.read.add(entry)
      return read
    },
    count: (organizationId, afterSequence, types) =>
      of(feed.entries, organizationId, afterSequence).filter(({ type }) => types.has(type)).length,
    position: (webhook) => positions.get(webhookName(webhook)),
    async begin(webhook, batch) {
      assertOpen(gate)
      const position = positions.get(webhookName(webhook))
      if (position !== undefined) position.batch = batch
    },
    advance: (webhook, sequence) => advance(feed, webhook, sequence),
    async bury(webhook, letters, sequence) {
      assertOpen(gate)
      if (!positions.has(webhookName(webhook))) return
      deadLetters.add(webhookName(webhook), letters)
      advance(feed, webhook, sequence)
    },
    async deadLetters(webhook, afterSequence, max) {
      assertOpen(gate)
      const letters = deadLetters.list(webhookName(webhook))
      return letters.filter(({ entry }) => entry.sequence > afterSequence).slice(0, max)
    },
    deadLetterSequences: (webhook) =>
      deadLetters.list(webhookName(webhook)).map(({ entry }) => entry.sequence),
    async removeDeadLetters(webhook, sequences) {
      assertOpen(gate)
      deadLetters.remove(webhookName(webhook), new Set(sequences))
    },
    totals: () => ({
      entries: feed.changes.length,
      bytes: bytesOf(feed.changes),
      deadLetters: deadLetters.count,
      dropped: feed.dropped + deadLetters.dropped,
    }),
  }
}

function advance(feed: Feed, webhook: WebhookKey, sequence: number): void {
  const position = feed.positions.get(webhookName(webhook))
  if (position === undefined || sequence <= position.doneSequence) return
  position.doneSequence = sequence
  position.batch = undefined
  feed.trim()
}

function of(entries: readonly FeedEntry[], organizationId: string, after: number): readonly FeedEntry[] {
  return entries.filter((entry) => entry.organizationId === organizationId && entry.sequence > after)
}

function bytesOf(entries: readonly FeedEntry[]): number {
  return entries.reduce((bytes, entry) => bytes + Buffer.byteLength(JSON.stringify(entry)), 0)
}

function largest(entries: readonly FeedEntry[]): string {
  const counts = new Map<string, number>()
  for (const { organizationId } of entries) counts.set(organizationId, (counts.get(organizationId) ?? 0) + 1)
  const [[organizationId] = ['']] = [...counts].sort(([, a], [, b]) => b - a)
  return organizationId
}

/** Ids never contain a slash, so that no two webhooks share a name. */
function webhookName({ organizationId, webhookId }: WebhookKey): string {
  return `${organizationId}/${webhookId}`
}
