import assert from 'node:assert/strict'
import { uuidMaker } from '../../server/src/clock/clock.ts'
import {
  createDelivery,
  type Delivery,
  type Link,
  type LinkCloseReason,
  type OutboundEvent,
  parseSendEvent,
} from '../../server/src/delivery/delivery.ts'
import { createSealer } from '../../server/src/masks/masks.ts'
import { Statistics } from '../../server/src/observe/observe.ts'
import { openEmbeddedStore } from '../../server/src/store/embedded/embedded.ts'
import type { Registration, Store } from '../../server/src/store/store.ts'
import { createFakeClock, type FakeClock, seededRandom } from './fake-clock.ts'
import { FakeDisk } from './fake-disk.ts'
import { PEER } from './link-peer.ts'
import { noLimits } from './no-limits.ts'
import { tellingOutcomes } from './told-outcomes.ts'

/** Who sends. */
export const BACKEND = {
  organizationId: 'acme',
  userId: 'backend',
  clientId: 'backend',
  isClient: true,
  authorities: [],
  isService: false,
  expiresAtWallMs: Number.POSITIVE_INFINITY,
}
/** Real delivery over a real engine, on a disk that can fail and a clock that stands still. */
export type DeliveryScene = {
  readonly clock: FakeClock
  readonly disk: FakeDisk
  readonly store: Store
  readonly delivery: Delivery
  readonly statistics: Statistics
  /** What was counted, in order. */
  readonly outcomes: string[]
}

export async function openDelivery(
  quotas = noLimits(),
  shares: { readonly mailboxTotalBytesMax?: number } = {},
  disk = new FakeDisk(),
): Promise<DeliveryScene> {
  const clock = createFakeClock()
  const random = seededRandom('delivery')
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  const outcomes: string[] = []
  const statistics = new Statistics(0)
  const delivery = createDelivery({
    store,
    clock,
    sealer: createSealer(Buffer.alloc(32), random),
    newId: uuidMaker(clock, random),
    metrics: {
      reminderSent: () => undefined,
      masksTook: () => undefined,
    },
    statistics: tellingOutcomes(statistics, (outcome) => void outcomes.push(outcome)),
    log: { error: () => undefined },
    limits: { mailboxEventsMax: 1000, mailboxBytesMax: 4_194_304, ...shares },
    organizationOf: () => undefined,
    quotas,
  })
  return { clock, disk, store, delivery, statistics, outcomes }
}

/** Registers an endpoint of Bob's. */
export async function register({ store }: DeliveryScene, userEndpointId: string): Promise<Registration> {
  const request = {
    organizationId: 'acme',
    userId: 'bob',
    userEndpointId,
    keepAliveSeconds: 600,
    serverKeepAliveReminderOn: false,
    authorizedUntilWallMs: 0,
  }
  const outcome = await store.registrations.register(request, 10)
  assert(outcome.kind === 'registered')
  return outcome.registration
}

/** A link that takes everything. */
export async function attach({ clock, delivery }: DeliveryScene, registration: Registration) {
  const taken: OutboundEvent[] = []
  const link: Link = {
    peer: PEER,
    send(event) {
      taken.push(event)
      return true
    },
    hasRoom: () => true,
    close: () => undefined,
  }
  const attachment = delivery.attach(registration, link)
  attachment.start()
  await clock.advance(0)
  const ids = () => taken.map(({ payload }) => JSON.parse(Buffer.from(payload).toString()).id)
  return { taken, ids, attachment }
}

/** Sends as a backend. */
export function send({ delivery }: DeliveryScene, command: object) {
  return delivery.sendEvent(BACKEND, parseSendEvent(Buffer.from(JSON.stringify(command))))
}

/** A link that takes everything, and remembers it. */
export function recordingLink() {
  const taken: OutboundEvent[] = []
  const seen: string[] = []
  const closed: LinkCloseReason[] = []
  return {
    peer: PEER,
    /** What it took; a test may take it out. */
    taken,
    /** The ids of all that it ever took. */
    seen,
    closed,
    send(event: OutboundEvent) {
      taken.push(event)
      seen.push(idOf(event))
      return true
    },
    hasRoom: () => true,
    close: (reason: LinkCloseReason) => void closed.push(reason),
  }
}

/** The ids of what a link has. */
export function eventsTaken({ taken }: { readonly taken: readonly OutboundEvent[] }): readonly string[] {
  return taken.map(idOf)
}

function idOf({ payload }: OutboundEvent): string {
  return JSON.parse(Buffer.from(payload).toString()).id
}
