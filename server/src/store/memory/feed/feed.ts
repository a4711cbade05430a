import {
  type DisconnectReason,
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
import { DeadLetters } from './dead-letters.ts'
import { Positions, webhookName } from './positions.ts'

/** What an entry has beside what its registration says. */
export type FeedMore = Pick<FeedEntry, 'connectedAtWallMs' | 'eventId' | 'answer'>

type Registered = EndpointKey &
  Pick<Registration, 'registeredAtWallMs' | 'lastKeepAliveAtWallMs' | 'keepAliveSeconds'>
type LinkSubject = Registered & { readonly registrationId: number }

/** Whom an entry is about: a registration, or an endpoint that has none any more. */
export type FeedSubject =
  | Registered
  | (EndpointKey & { readonly registeredAtWallMs?: never; readonly keepAliveSeconds?: never })

/** The changes of watched organizations, oldest first. */
export class Feed {
  readonly #bounds: FeedBounds
  readonly deadLetters: DeadLetters
  readonly links = new Map<number, number>()
  readonly positions = new Positions()
  #newestSequence = 0
  /** By whoever has them in its directory. */
  readonly #watches = new Map<string, readonly Watch[]>()
  entries: readonly FeedEntry[] = []
  dropped = 0
  readonly listeners = new Set<(organizationId: string) => void>()
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
    const isOf = (watch: Watch) => watch.organizationId === organizationId && watch.types.has(type)
    return [...this.#watches.values()].some((watches) => watches.some(isOf))
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
    for (const listener of this.listeners) listener(organizationId)
  }

  /** See `FeedStore`: of an endpoint that flaps, a change undoes the one before it that nobody has read. */
  addLink(
    type: LifecycleEventType,
    subject: LinkSubject,
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

  connected(subject: LinkSubject, atWallMs: number): void {
    this.links.set(subject.registrationId, atWallMs)
    this.addLink('UserEndpointConnectedEvent', subject, 'subscribed', atWallMs)
  }

  disconnected(subject: LinkSubject, reason: DisconnectReason, atWallMs: number): void {
    const connectedAtWallMs = this.links.get(subject.registrationId)
    this.links.delete(subject.registrationId)
    const more = connectedAtWallMs === undefined ? {} : { connectedAtWallMs }
    this.addLink('UserEndpointDisconnectedEvent', subject, reason, atWallMs, more)
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

  watch(watches: readonly Watch[], node = ''): void {
    this.#watches.set(node, watches)
    for (const { organizationId, webhookIds } of watches)
      for (const webhookId of webhookIds)
        this.positions.add({ organizationId, webhookId }, this.#newestSequence)
    this.trim()
  }

  /** Nothing where another process than this has it in its directory. */
  forget(webhook: WebhookKey, node = ''): void {
    const { organizationId, webhookId } = webhook
    const has = (watch: Watch) =>
      watch.organizationId === organizationId && watch.webhookIds.includes(webhookId)
    if ([...this.#watches].some(([other, watches]) => other !== node && watches.some(has))) return
    this.positions.forget(webhook)
    this.deadLetters.forget(webhookName(webhook))
    this.trim()
  }

  advance(webhook: WebhookKey, sequence: number): void {
    this.positions.advance(webhook, sequence)
    this.trim()
  }

  /** Removes what every webhook of the organization is past. */
  trim(): void {
    this.entries = this.entries.filter(
      ({ organizationId, sequence }) => sequence > this.positions.doneByAll(organizationId),
    )
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

export function memoryFeed(
  feed: Feed,
  clock: Pick<Clock, 'wallMs'>,
  gate: Gate,
  self: () => string | undefined = () => undefined,
): FeedStore {
  return {
    async watch(watches) {
      assertOpen(gate)
      feed.watch(watches, self())
    },
    async noteSignInLocked(user) {
      assertOpen(gate)
      const nobody = { ...user, userEndpointId: '' }
      feed.add('SignInLockedEvent', nobody, 'too_many_attempts', clock.wallMs())
    },
    onAdded(listener) {
      feed.listeners.add(listener)
      return () => void feed.listeners.delete(listener)
    },
    async read(organizationId, afterSequence, max) {
      assertOpen(gate)
      const read = of(feed.entries, organizationId, afterSequence).slice(0, max)
      for (const entry of read) feed.read.add(entry)
      return read
    },
    async count(organizationId, afterSequence, types) {
      assertOpen(gate)
      return of(feed.entries, organizationId, afterSequence).filter(({ type }) => types.has(type)).length
    },
    async totals() {
      assertOpen(gate)
      const { changes, deadLetters } = feed
      return { entries: changes.length, bytes: bytesOf(changes), deadLetters: deadLetters.count }
    },
  }
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
