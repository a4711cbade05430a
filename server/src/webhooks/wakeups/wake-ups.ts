import type { Auth, Webhook } from '../../auth/auth.ts'
import { type Clock, onceAMinute, type Timer } from '../../clock/clock.ts'
import type { Cluster } from '../../cluster/cluster.ts'
import type { Sealer } from '../../masks/masks.ts'
import { asError, type Log, type Metrics, type Statistics } from '../../observe/observe.ts'
import type { Registration, RegistrationKey, Store, UserKey } from '../../store/store.ts'
import type { Receiver } from '../post.ts'
import { isHostListed, PUSH_SERVICES } from './push-hosts.ts'
import { readWakeUp, type WakeUp, wakeUpBytes } from './sealed-wake-up.ts'
import { WakeKeepers } from './wake-keepers.ts'
import { type WakeAttempt, WakeQueue, type WakeResult } from './wake-queue.ts'
import { type Vapid, type WakeEvent, webhookMessage, webPushMessage } from './wake-request.ts'
import { parseWakeUp, type WakeUpRules } from './wake-up.ts'

/** After a start: time that devices have to come back by themselves, milliseconds. */
const START_MS = 10_000
/** The same for one whose link has ended: it may only have changed its network. */
const LEFT_MS = 2_000
/** Devices looked at in one step after a start, and how long it waits while many wait to be woken. */
const START_PAGE = 100
const START_PAUSE_MS = 1_000

/** Wakes devices that sleep: an event has come for an endpoint that has no link. */
export interface WakeUps {
  /** The key that browsers subscribe to pushes with; `undefined`: this server has none. */
  readonly vapidPublicKey: string | undefined
  /** Webhooks of the organization that wake devices. */
  webhookIds(organizationId: string): readonly string[]
  /**
   * Reads and seals what a registration says about how to wake its device; `undefined`: nothing.
   *
   * @throws RollcallError `invalid_request` that names what is wrong
   */
  accept(user: UserKey, given: unknown): Uint8Array | undefined
  /** A QoS 1 event waits for an endpoint that has no link. Never throws. */
  wake(registration: RegistrationKey, event: WakeEvent, sequence: number): void
  /** The endpoint has lost its link: it is woken where something waits that was sent to it, perhaps to nobody. Never throws. */
  left(registration: RegistrationKey): void
  /** The endpoint has a link. */
  connected(registrationId: number): void
  /** Devices that wait to be woken now. */
  readonly waitingCount: number
  /** From now on; those that something waited for before the start are woken too, once others had time to come by themselves. */
  start(): void
  /** Resolves when nothing is under way any more. Idempotent. */
  close(): Promise<void>
}

export type WakeUpsOptions = {
  readonly store: Pick<Store, 'registrations' | 'history'>
  /** The processes of the service. Absent: this one is all there is. */
  readonly cluster?: Pick<Cluster, 'nodes' | 'requests'>
  readonly sealer: Sealer
  readonly auth: Pick<Auth, 'organizations' | 'isGone'>
  readonly clock: Clock
  /** Makes UUIDv7s. */
  readonly newId: () => string
  readonly log: Pick<Log, 'warn' | 'error'>
  readonly metrics: Pick<Metrics, 'wakeUp'>
  readonly statistics: Pick<Statistics, 'of'>
  readonly openReceiver: () => Receiver
  readonly settings: {
    readonly vapidSubject: string | undefined
    readonly vapidPublicKey: string | undefined
    readonly vapidPrivateKey: string | undefined
    readonly webPushHosts: readonly string[]
    readonly webhookPrivateAddresses: readonly string[]
    readonly wakeUpRestSeconds: number
    readonly wakeUpQueueMax: number
  }
}

export function createWakeUps(options: WakeUpsOptions): WakeUps {
  return new Waker(options)
}

class Waker implements WakeUps {
  readonly vapidPublicKey: string | undefined
  readonly #options: WakeUpsOptions
  readonly #vapid: Vapid | undefined
  readonly #queue: WakeQueue
  readonly #keepers: WakeKeepers
  readonly #receiver: Receiver
  readonly #closing = new AbortController()
  /** Of registrations whose link has just ended. */
  readonly #leaving = new Map<number, Timer>()
  readonly #underWay = new Set<Promise<unknown>>()
  readonly #mayTell: (what: string) => boolean
  readonly #timers = new Set<Timer>()

  constructor(options: WakeUpsOptions) {
    const { settings, clock } = options
    this.#options = options
    this.#vapid = vapidOf(settings)
    this.vapidPublicKey = this.#vapid?.publicKey
    this.#receiver = options.openReceiver()
    this.#mayTell = onceAMinute(clock)
    this.#queue = new WakeQueue({
      clock,
      restMs: settings.wakeUpRestSeconds * 1000,
      waitingMax: settings.wakeUpQueueMax,
      attempt: (attempt) => this.#attempt(attempt),
      handOn: (attempt) => this.#keepers.handOn(attempt),
      onDropped: (registration) => this.#dropped(registration),
    })
    this.#keepers = new WakeKeepers({
      cluster: options.cluster?.nodes.isAlone === false ? options.cluster : undefined,
      underWayMax: settings.wakeUpQueueMax,
      wake: (waking) => this.#queue.wake(waking),
    })
    // What it was about to do has died with it.
    options.cluster?.nodes.onBuried((dead) => this.#wakeLater((id) => this.#keepers.isLeftBy(dead, id)))
  }

  get waitingCount(): number {
    return this.#queue.waitingCount
  }

  webhookIds(organizationId: string): readonly string[] {
    return this.#webhooksOf(organizationId).map(({ id }) => id)
  }

  accept(user: UserKey, given: unknown): Uint8Array | undefined {
    const wakeUp = parseWakeUp(given, this.#rulesFor(user.organizationId))
    return wakeUp && wakeUpBytes(this.#options.sealer, user, wakeUp)
  }

  wake(registration: RegistrationKey, event: WakeEvent, sequence: number): void {
    this.#keepers.wake({ registration, event, sequences: [sequence] })
  }

  left(registration: RegistrationKey): void {
    const { registrationId } = registration
    this.#leaving.get(registrationId)?.cancel()
    const timer = this.#options.clock.after(LEFT_MS, () => {
      this.#leaving.delete(registrationId)
      this.#keepers.wake({ registration, event: undefined, sequences: [] })
    })
    this.#leaving.set(registrationId, timer)
  }

  connected(registrationId: number): void {
    this.#leaving.get(registrationId)?.cancel()
    this.#leaving.delete(registrationId)
    this.#queue.connected(registrationId)
  }

  start(): void {
    this.#wakeLater((registrationId) => this.#keepers.isOwn(registrationId))
  }

  async close(): Promise<void> {
    this.#closing.abort()
    for (const timer of this.#timers) timer.cancel()
    for (const timer of this.#leaving.values()) timer.cancel()
    this.#leaving.clear()
    this.#queue.close()
    await Promise.allSettled(this.#underWay)
    this.#receiver.close()
  }

  #rulesFor(organizationId: string): WakeUpRules {
    const { webPushHosts, webhookPrivateAddresses } = this.#options.settings
    return {
      hasWebPush: this.#vapid !== undefined,
      // Over plain http only where somebody has said that such addresses may be used; which, is judged when it connects.
      isPushService: ({ protocol, hostname }) =>
        (protocol === 'https:' || (protocol === 'http:' && webhookPrivateAddresses.length > 0)) &&
        isHostListed(webPushHosts.length === 0 ? PUSH_SERVICES : webPushHosts, hostname),
      isWebhook: (webhookId) => this.webhookIds(organizationId).includes(webhookId),
    }
  }

  #webhooksOf(organizationId: string): readonly Webhook[] {
    const webhooks = this.#options.auth.organizations().get(organizationId)?.webhooks ?? []
    return webhooks.filter(({ wakeUps }) => wakeUps === true)
  }

  /** Never rejects. */
  async #attempt(attempt: WakeAttempt): Promise<WakeResult> {
    const working = this.#try(attempt).catch((error: unknown): WakeResult => {
      if (this.#mayTell('failed'))
        this.#options.log.error('a device could not be woken', { err: asError(error) })
      return 'again'
    })
    this.#underWay.add(working)
    const result = await working
    this.#underWay.delete(working)
    return result
  }

  async #try(attempt: WakeAttempt): Promise<WakeResult> {
    const { store, sealer, metrics, auth } = this.#options
    const { organizationId, userId, userEndpointId, registrationId } = attempt.registration
    const [found] = await store.registrations.look([{ organizationId, userId, userEndpointId }], {
      link: true,
      depth: true,
    })
    const registration = found?.registration
    if (registration?.registrationId !== registrationId || registration.wakeUp === undefined) return 'gone'
    if (found?.link !== undefined) return 'connected'
    if (attempt.event === undefined && found?.depth === 0) return 'gone'
    // A push may bear the event itself, to a device whose connection was closed.
    if (auth.isGone(registration, registration.lastKeepAliveAtWallMs)) return 'gone'
    const wakeUp = readWakeUp(sealer, registration)
    if (wakeUp === undefined) return this.#unreadable(registration, registration.wakeUp)
    const failure = await this.#post(wakeUp, attempt)
    if (this.#closing.signal.aborted) return 'failed'
    const result = resultOf(wakeUp.kind, failure)
    metrics.wakeUp(wakeUp.kind, result)
    if (result === 'woken') this.#note(attempt)
    if (result === 'gone') await store.registrations.forgetWakeUp(registration, registration.wakeUp)
    return result
  }

  async #post(wakeUp: WakeUp, { registration, event }: WakeAttempt): Promise<string | undefined> {
    const { clock, newId } = this.#options
    const { signal } = this.#closing
    const nowWallMs = clock.wallMs()
    if (wakeUp.kind === 'webPush') {
      if (this.#vapid === undefined) return 'no_vapid_keys'
      const message = webPushMessage(wakeUp, registration, event, this.#vapid, nowWallMs)
      return this.#receiver.post(wakeUp.endpoint, message, signal)
    }
    const webhook = this.#webhooksOf(registration.organizationId).find(({ id }) => id === wakeUp.webhookId)
    if (webhook === undefined || !webhook.enabled) return 'no_webhook'
    const message = webhookMessage(wakeUp, registration, event, webhook, { id: newId(), nowWallMs })
    return this.#receiver.post(webhook.url, message, signal)
  }

  #note({ registration, sequences }: WakeAttempt): void {
    const { store, statistics } = this.#options
    statistics.of(registration.organizationId).outcome(1, 'woken', sequences.length)
    for (const sequence of sequences) store.history.note({ registration, sequence }, 'woken')
  }

  /** Sealed by a key that is gone: nobody will ever read it. */
  async #unreadable(registration: Registration, wakeUp: Uint8Array): Promise<WakeResult> {
    if (this.#mayTell('unreadable'))
      this.#options.log.error('how to wake a device could not be opened and was forgotten')
    await this.#options.store.registrations.forgetWakeUp(registration, wakeUp)
    return 'gone'
  }

  #dropped({ organizationId }: RegistrationKey): void {
    const { log, metrics, settings } = this.#options
    metrics.wakeUp('any', 'dropped')
    if (this.#mayTell('dropped'))
      log.warn('too many devices wait to be woken: some are not', {
        organizationId,
        max: settings.wakeUpQueueMax,
      })
  }

  /** Those for whom something waits, once they had time to come by themselves. */
  #wakeLater(isMeant: (registrationId: number) => boolean): void {
    this.#after(START_MS, () => void this.#wakeAll(0, isMeant))
  }

  #after(delayMs: number, run: () => void): void {
    const timer = this.#options.clock.after(delayMs, () => {
      this.#timers.delete(timer)
      run()
    })
    this.#timers.add(timer)
  }

  /** Never rejects. */
  async #wakeAll(after: number, isMeant: (registrationId: number) => boolean): Promise<void> {
    const { store, log, settings } = this.#options
    let next: number | undefined = after
    try {
      if (this.#queue.waitingCount < settings.wakeUpQueueMax / 2) {
        const page = await store.registrations.listWakeable(after, START_PAGE)
        const meant = page.registrations.filter(({ registrationId }) => isMeant(registrationId))
        for (const registration of meant) this.#queue.wake({ registration, event: undefined, sequences: [] })
        next = page.next
      }
    } catch (error) {
      log.error('who is to be woken could not be read', { err: asError(error) })
    }
    if (next === undefined || this.#closing.signal.aborted) return
    const from = next
    this.#after(START_PAUSE_MS, () => void this.#wakeAll(from, isMeant))
  }
}

function vapidOf({
  vapidSubject,
  vapidPublicKey,
  vapidPrivateKey,
}: WakeUpsOptions['settings']): Vapid | undefined {
  if (vapidSubject === undefined || vapidPublicKey === undefined || vapidPrivateKey === undefined)
    return undefined
  return { subject: vapidSubject, publicKey: vapidPublicKey, privateKey: vapidPrivateKey }
}

/**
 * RFC 8030 §7.3: a push service answers 404 or 410 of a subscription that has ended. A webhook says so with 410 alone: where
 * its path is wrong for an hour, every device would be forgotten by a 404.
 */
function resultOf(kind: WakeUp['kind'], failure: string | undefined): WakeResult {
  if (failure === undefined) return 'woken'
  if (failure === 'status_410' || (kind === 'webPush' && failure === 'status_404')) return 'gone'
  const mayPass = /^(timeout|connection_failed|connection_refused|name_not_resolved|status_429|status_5\d\d)$/
  return mayPass.test(failure) ? 'again' : 'failed'
}
