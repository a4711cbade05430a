import { type Auth, createAuth, type Principal } from '../../../server/src/auth/auth.ts'
import { type Clock, type Random, uuidMaker } from '../../../server/src/clock/clock.ts'
import type { NodeTable } from '../../../server/src/cluster/cluster.ts'
import { allowOrigins } from '../../../server/src/config/config.ts'
import { carryTidings, createDelivery, type Delivery } from '../../../server/src/delivery/delivery.ts'
import { createSealer } from '../../../server/src/masks/masks.ts'
import { createMqtt, type Mqtt } from '../../../server/src/mqtt/mqtt.ts'
import { type Log, Statistics } from '../../../server/src/observe/observe.ts'
import { createRegistrar, type Registrar } from '../../../server/src/registrar/registrar.ts'
import type { MemoryStore } from '../../../server/src/store/memory/memory.ts'
import type { Registration, Store } from '../../../server/src/store/store.ts'
import {
  createWebhooks,
  openWakeUps,
  type WakeUps,
  type Webhooks,
} from '../../../server/src/webhooks/webhooks.ts'
import { ISSUER } from '../../helpers/auth-fixture.ts'
import { noLimits } from '../../helpers/no-limits.ts'
import type { SimulatedNetwork } from '../../helpers/simulated-network.ts'
import { SimulatedNode } from '../../helpers/simulated-node.ts'
import type { Dice } from '../dice.ts'
import { directorySealer } from './first-directory.ts'
import type { HookReceivers } from './hook-receivers.ts'
import { remoteStore, type StoreWeather } from './remote-store.ts'
import { WAKE_REST_MS, type WakeReceiver } from './wake-receiver.ts'

const ignore = () => undefined
const FOREVER_MS = 9_000_000_000_000
const SILENT: Log = { error: ignore, warn: ignore, info: ignore, debug: ignore, child: () => SILENT }

/** Puts a fault into what a process has of the store, to see that it is found. */
export type Plant = (store: Store, clock: Clock) => Store

export type ProcessOptions = {
  readonly name: string
  readonly clock: Clock
  readonly wallOffsetMs: number
  readonly random: Random
  readonly dice: Dice
  readonly network: SimulatedNetwork
  readonly table: NodeTable
  readonly memory: MemoryStore
  readonly storeWeather: StoreWeather
  readonly hooks: HookReceivers
  readonly wakes: WakeReceiver
  readonly plant: Plant
  /** How many there were before, so that no two have one incarnation. */
  readonly incarnation: number
  /** Registrations that the store has let expire, as this one swept. */
  readonly onExpired: (registration: Registration) => void
}

/** One process of the service: the real registrar, delivery, webhooks and identity, over a store on another machine. */
export class ServiceProcess {
  readonly name: string
  readonly node: SimulatedNode
  readonly delivery: Delivery
  readonly registrar: Registrar
  readonly store: Store
  readonly #options: ProcessOptions
  readonly wakeUps: WakeUps
  readonly mqtt: Mqtt
  #webhooks: Webhooks | undefined
  auth: Auth | undefined
  isUp = false

  constructor(options: ProcessOptions) {
    const { name, clock, random, dice, memory, storeWeather: weather } = options
    this.#options = options
    this.name = name
    this.node = new SimulatedNode({
      ...options,
      name: `${name}.${options.incarnation}`,
      putAway: async (dead) => this.store.neighbours?.bury(dead),
    })
    const { cluster, clock: own } = this.node
    const { nodes } = cluster
    const carry = carryTidings(cluster)
    const open = (onTiding: typeof carry): Store => {
      const store = options.plant(
        memory.openFor(() => nodes.self, onTiding),
        own,
      )
      // Whoever does not sweep leaves it to another.
      const sweep: Store['sweep'] = async (max) => {
        if (!nodes.sweeps(0)) return NOTHING
        const swept = await store.sweep(max)
        // At once, however late this process hears of it.
        for (const registration of swept.expired) {
          // One that was registered anew before it was swept is there.
          const [anew] = await store.registrations.look([registration], {})
          if (anew === undefined) options.onExpired(registration)
        }
        return swept
      }
      return { ...store, sweep }
    }
    this.store = remoteStore({ clock, own, dice, weather, open, carry })
    const common = {
      ...{ store: this.store, newId: uuidMaker(own, random), clock: own, log: SILENT },
      metrics: METRICS,
      statistics: new Statistics(own.wallMs()),
    }
    const sealer = createSealer(Buffer.alloc(32, 7), random)
    const wakeUps = openWakeUps({
      ...{ ...common, cluster, sealer, settings: WAKE_UP_SETTINGS },
      auth: { ...options.hooks.directory, isGone: () => false },
      openReceiver: () => options.wakes.openFor(own),
    })
    this.wakeUps = wakeUps
    this.delivery = createDelivery({
      ...{ ...common, cluster, sealer, quotas: noLimits(), organizationOf: ignore },
      limits: { mailboxEventsMax: 100_000, mailboxBytesMax: 1e9 },
      onAsleep: (registration, { eventId, type, bytes, isMasked, expiresAtWallMs }, sequence) => {
        const event = { eventId, type, bytes: isMasked ? undefined : bytes, expiresAtWallMs }
        wakeUps.wake(registration, event, sequence)
      },
      onAttached: ({ registrationId }) => wakeUps.connected(registrationId),
      onLeft: (registration) => wakeUps.left(registration),
    })
    const { delivery } = this
    this.registrar = createRegistrar({
      ...common,
      limits: { keepAliveSecondsMax: 86_400, endpointsPerUserMax: 100 },
      mayEvict: true,
      onLapsed: (entries) => delivery.entriesLapsed(entries),
      onRegistered: (registration) => delivery.endpointRegistered(registration),
      onReminderDue: (registration) => delivery.remind(registration),
      onExpired: (registration) => delivery.endpointGone(registration, 'expired'),
      onUnregistered: (registration) => delivery.endpointGone(registration, 'unregistered'),
    })
    this.mqtt = createMqtt({
      ...{ ...noLimits(), ...common, cluster, delivery, registrar: this.registrar, random },
      auth: BACKENDS,
      settings: MQTT_SETTINGS,
    })
  }

  /** Whether whoever asks it is answered. */
  get isThere(): boolean {
    return this.isUp && this.node.clock.isRunning
  }

  async start(): Promise<void> {
    const { random, hooks } = this.#options
    const { clock, cluster, membership } = this.node
    await membership.start()
    this.auth = await createAuth({
      ...{ store: this.store, cluster, clock, random, log: SILENT, issuer: () => ISSUER },
      storedDirectory: { sealer: directorySealer() },
      accessTokenTtlSeconds: 3_600,
      refreshTokenTtlSeconds: 86_400,
      refreshFamiliesPerUserMax: 10,
      signingKeyRotationDays: 90,
      staleConnectSecondsMax: 86_400,
      foreignIssuers: undefined,
    })
    this.#webhooks = createWebhooks({
      ...{ store: this.store, clock, random, log: SILENT, auth: hooks.directory },
      metrics: { webhookAttempt: ignore, webhookEvents: ignore },
      settings: { webhookRetryHours: 720, webhookPrivateAddresses: [] },
      openReceiver: () => hooks.receiverFor(clock),
    })
    this.registrar.start()
    this.wakeUps.start()
    this.isUp = true
  }

  die(): void {
    this.isUp = false
    this.node.clock.die()
  }

  async close(): Promise<void> {
    this.isUp = false
    this.delivery.close()
    await Promise.all([this.mqtt.close(), this.wakeUps.close()])
    await Promise.all([this.#webhooks?.close(), this.registrar.close(), this.auth?.close()])
    await this.node.membership.close()
  }
}

const NOTHING = { reminded: [], expired: [], lapsed: [], nextDueInMs: Number.POSITIVE_INFINITY }

const WAKE_UP_SETTINGS = {
  ...{ vapidSubject: undefined, vapidPublicKey: undefined, vapidPrivateKey: undefined },
  ...{ webPushHosts: [], webhookPrivateAddresses: [] },
  ...{ wakeUpRestSeconds: WAKE_REST_MS / 1000, wakeUpQueueMax: 1_000 },
}

const MQTT_SETTINGS = {
  ...{ linksMax: 1_000, pendingLinksMax: 1_000, allowedOrigins: allowOrigins([]), publicUrl: undefined },
  ...{ tokenBytesMax: 16_384, ackTimeoutSeconds: 60 },
}

/** Who comes over MQTT are the organizations' backends, by a token that names its organization. */
const BACKENDS: Pick<Auth, 'authenticate' | 'authenticateStale' | 'isStillGood' | 'kept'> = {
  authenticate: async (token) => backendOf(token.split('.')[0] ?? ''),
  authenticateStale: async (token) => ({ principal: backendOf(token.split('.')[0] ?? ''), expired: false }),
  isStillGood: () => true,
  kept: (token) => token,
}

export function backendOf(organizationId: string): Principal {
  return {
    ...{ organizationId, userId: 'backend', clientId: 'backend', isClient: true },
    ...{ authorities: [], isService: false, expiresAtWallMs: FOREVER_MS },
  }
}

const METRICS = {
  ...{ linkClosed: ignore, refused: ignore, staleConnect: ignore, wakeUp: ignore },
  ...{ eventAccepted: ignore, eventOutcome: ignore, deliveryMs: ignore, reminderSent: ignore },
  ...{ masksTook: ignore, expiryLatenessMs: ignore, registrationEnded: ignore },
}
