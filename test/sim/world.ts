import { RollcallError } from '@rollcall/protocol/error-code'
import { IDEMPOTENCY_TTL_MS } from '@rollcall/protocol/limits'
import { type Clock, uuidMaker } from '../../server/src/clock/clock.ts'
import {
  createDelivery,
  type Delivery,
  parseSendEvent,
  type SendResult,
} from '../../server/src/delivery/delivery.ts'
import { createSealer } from '../../server/src/masks/masks.ts'
import { Statistics } from '../../server/src/observe/observe.ts'
import { createRegistrar, type Registrar } from '../../server/src/registrar/registrar.ts'
import { openEmbeddedStore, type Rows } from '../../server/src/store/embedded/embedded.ts'
import type { HistoryRecord, Registration, Store } from '../../server/src/store/store.ts'
import type { Webhooks } from '../../server/src/webhooks/webhooks.ts'
import { createFakeClock, type FakeClock, seededRandom } from '../helpers/fake-clock.ts'
import { MemoryDisk, type MortalFiles } from '../helpers/memory-disk.ts'
import { noLimits } from '../helpers/no-limits.ts'
import { tellingOutcomes } from '../helpers/told-outcomes.ts'
import type { Operation, Result } from '../history/lines.ts'
import { AnswersLedger } from './answers-ledger.ts'
import { Device, type Life } from './device.ts'
import { createDice, type Dice } from './dice.ts'
import { openSmallRows, type SeeFiles } from './disk.ts'
import { Ledger, type Send, type SendTerms, Violation } from './ledger.ts'
import { depthsOf, leftOver, readTables } from './left-over-rows.ts'
import { ReceiptsLedger } from './receipts-ledger.ts'
import { SignIns } from './sign-ins.ts'
import { NO_HISTORY, SimHistory, sendOperation, sendResult, type WriteLine } from './sim-history.ts'
import { EVENTS, WebhookReceivers, webhookNameOf } from './webhook-receivers.ts'

/** Planted in every masked event: it must never be on the disk in clear. */
const SECRET = '4111-1111-SECRET'
const FOREVER_MS = 9_000_000_000_000
const LATENESS_MS_MAX = 1000
/** What passes of service time while the process stands still: `clock/heard-time.ts`. */
const STANDSTILL_STEP_MS = 1000
const MAILBOX_EVENTS_MAX = 100_000
const MONTH_MS = 31 * 86_400_000

/** Puts a fault into a store, to see that it is found. */
export type Plant = (store: Store, clock: Clock) => Store

type Opened = { readonly store: Store; readonly rows: Rows }

/** The service of one process's life: the real registrar, delivery and store engine. */
type Service = Opened & {
  readonly files: MortalFiles
  readonly registrar: Registrar
  readonly delivery: Delivery
  readonly webhooks: Webhooks
}

/** What came of a simulation, so that a test can see that it did something. */
export type Tally = {
  sends: number
  receipts: number
  expiries: number
  reminders: number
  crashes: number
  takeOvers: number
  diskStalls: number
  failures: number
  /** Times that the process stood still, and that the wall clock jumped. */
  stalls: number
  jumps: number
  /** Events that were not delivered in time. */
  outlived: number
  /** Events that webhooks got. */
  told: number
  /** Endpoints that had to be told that another acknowledged first, and were. */
  cancelled: number
  /** Endpoints that had to be told that another answered, and were. */
  silenced: number
  /** Refresh answers that were lost and given again. */
  refreshedAgain: number
  /** Sign-ins that ended because a used refresh token was shown. */
  thefts: number
}

/** Nothing came of anything yet. */
export function emptyTally(): Tally {
  return {
    sends: 0,
    receipts: 0,
    expiries: 0,
    reminders: 0,
    crashes: 0,
    takeOvers: 0,
    diskStalls: 0,
    failures: 0,
    stalls: 0,
    jumps: 0,
    outlived: 0,
    told: 0,
    cancelled: 0,
    silenced: 0,
    refreshedAgain: 0,
    thefts: 0,
  }
}

/**
 * Devices with bad networks, backends that send, a disk that fails and a process that dies between any two
 * steps, all driven by one seed on a clock that is only moved from here.
 */
export class World {
  readonly tally = emptyTally()
  readonly #dice: Dice
  readonly #clock: FakeClock = createFakeClock()
  readonly #random
  readonly #disk: MemoryDisk
  readonly #seeFiles: SeeFiles
  readonly #ledger = new Ledger()
  readonly #receipts = new ReceiptsLedger()
  readonly #answers = new AnswersLedger()
  /** Events that rang at a device, and that it may answer. */
  readonly #rung = new Map<Device, string[]>()
  readonly #plant: Plant
  readonly #webhooks: WebhookReceivers
  readonly #signIns: SignIns
  /** Registrations that were answered. */
  readonly #registered = new Set<number>()
  readonly #devices: readonly Device[]
  /** The last send that was answered for each idempotency key. */
  readonly #keys = new Map<string, Send>()
  #service: Service | undefined
  #step = 0
  /** Jumps ahead that are not taken back yet: meanwhile lifetimes look over. */
  #aheads = 0
  #violation: unknown
  /** Monotonic time spent down, so that uptime can be told. */
  #downMs = 0
  #diskRepairedAtUpMs = Number.NEGATIVE_INFINITY
  /** Called for each commit that failed. */
  #onRefused = (): void => undefined
  #isDiskStalled = false
  #cameBack: () => void = () => undefined
  #wentOnAtUpMs = Number.NEGATIVE_INFINITY
  #former: Service | undefined
  #outageEnded: (upMs: number) => void = () => undefined
  #repaired: () => void = () => undefined
  /** What clients see, for whoever judges it. */
  readonly #history: SimHistory

  /**
   * @param plant puts a fault into the store, to see that it is found
   * @param write gets the history of it
   */
  constructor(
    seed: number,
    plant: Plant = (store) => store,
    seeFiles: SeeFiles = (files) => files,
    write: WriteLine = NO_HISTORY,
  ) {
    this.#history = new SimHistory(write, () => this.#clock.monotonicMs(), {
      source: `simulation, seed ${seed}`,
      webhooks: ['acme', 'globex'].map((id) => ({ name: webhookNameOf(id), types: [...EVENTS] })),
      // As long as a disk refuses.
      settings: { lateEffectMs: 30_000, mailboxEventsMax: MAILBOX_EVENTS_MAX },
    })
    this.#seeFiles = seeFiles
    this.#plant = plant
    this.#dice = createDice(seed)
    this.#random = seededRandom(`world ${seed}`)
    this.#disk = new MemoryDisk({
      time: { clock: this.#clock, dice: this.#dice },
      inspect: (bytes) => {
        if (Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(SECRET))
          this.#fail(new Violation('a masked value is on the disk in clear'))
      },
    })
    this.#devices = this.#makeDevices()
    this.#webhooks = new WebhookReceivers({
      clock: this.#clock,
      random: this.#random,
      dice: this.#dice,
      fail: (error) => this.#fail(error),
      onTold: (webhook, event) => this.#history.told(webhook, event),
    })
    this.#signIns = new SignIns({
      clock: this.#clock,
      random: this.#random,
      dice: this.#dice,
      fail: (error) => this.#fail(error),
    })
  }

  /** Runs `steps` steps and settles up. @throws Violation */
  async run(steps: number): Promise<void> {
    await this.#boot()
    while (this.#step < steps) {
      this.#step++
      await this.#act()
      if (this.#dice.chance(30)) this.#signIns.act()
      await this.#advance(this.#dice.chance(10) ? this.#dice.roll(4000) : this.#dice.roll(150))
      if (this.#violation !== undefined) throw this.#violation
    }
    await this.#settleUp()
    if (this.#violation !== undefined) throw this.#violation
  }

  #makeDevices(): readonly Device[] {
    const observer = {
      onReceipt: (device: Device, receipt: Parameters<Ledger['receive']>[1]) => {
        this.tally.receipts++
        this.#history.delivered(device, receipt)
        this.#guard(() => this.#ledger.receive(device, receipt))
        const send = this.#ledger.sends.get(receipt.eventId)
        this.#guard(() => this.#receipts.receive(device, send, receipt.eventId, this.#clock.wallMs()))
        this.#guard(() => this.#answers.receive(device, receipt.eventId))
        if (send?.terms.overId !== undefined)
          this.#rung.set(device, [...(this.#rung.get(device) ?? []), receipt.eventId])
      },
      onConnect: ({ name }: Device) => {
        const link = this.#history.recorder.newLink()
        this.#history.recorder.add({ kind: 'link_up', link, endpoint: name, qos: 1 })
        return link
      },
      onDisconnect: (link: string) => this.#history.recorder.add({ kind: 'link_down', link }),
      onAcknowledge: (device: Device, link: string, eventId: string) => {
        this.#history.acknowledged(device, link, eventId)
        this.#receipts.acknowledge(device, eventId)
        if (device.life !== undefined) this.#ledger.acknowledge(device.life, eventId, this.#upMs())
      },
    }
    const users = ['acme/alice', 'acme/__proto__', 'globex/alice', 'globex/carol']
    const ids = ['phone', 'tab', 'constructor']
    return users.flatMap((user) => {
      const [organizationId = '', userId = ''] = user.split('/')
      return ids.map(
        (userEndpointId) => new Device({ organizationId, userId, userEndpointId }, this.#dice, observer),
      )
    })
  }

  #upMs(): number {
    return this.#clock.monotonicMs() - this.#downMs
  }

  #fail(error: unknown): void {
    this.#violation ??= error
  }

  #guard(check: () => void): void {
    try {
      check()
    } catch (error) {
      this.#fail(error)
    }
  }

  async #advance(ms: number): Promise<void> {
    await this.#clock.advance(ms)
  }

  async #boot(): Promise<void> {
    const files = this.#disk.open()
    const { rows, store: opened } = await this.#open(files)
    const store = this.#plant(opened, this.#clock)
    const newId = uuidMaker(this.#clock, this.#random)
    const metrics = {
      reminderSent: () => void this.tally.reminders++,
      masksTook: () => undefined,
    }
    const statistics = tellingOutcomes(new Statistics(this.#clock.wallMs()), (outcome) => {
      if (outcome === 'expired') this.tally.outlived++
    })
    const limits = {
      mailboxEventsMax: MAILBOX_EVENTS_MAX,
      mailboxBytesMax: 1e9,
      keepAliveSecondsMax: 86_400,
      endpointsPerUserMax: 100,
    }
    const sealer = createSealer(Buffer.alloc(32, 7), this.#random)
    const log = { error: () => undefined }
    const delivery = createDelivery({
      store,
      sealer,
      clock: this.#clock,
      newId,
      metrics,
      statistics,
      log,
      limits,
      organizationOf: () => undefined,
      quotas: noLimits(),
    })
    const registrar = createRegistrar({
      store,
      clock: this.#clock,
      newId,
      statistics,
      log,
      limits,
      mayEvict: true,
      onLapsed: (entries) => delivery.entriesLapsed(entries),
      onRegistered: (registration) => delivery.endpointRegistered(registration),
      onReminderDue: (registration) => this.#remind(registration),
      onExpired: (registration) => {
        this.#guard(() => this.#checkLateness(-registration.remainingMs))
        this.#guard(() => this.#onExpired(registration))
        delivery.endpointGone(registration, 'expired')
      },
      onUnregistered: (registration) => delivery.endpointGone(registration, 'unregistered'),
    })
    const webhooks = this.#webhooks.open(store)
    this.#signIns.open(store)
    registrar.start()
    this.#service = { store, files, rows, registrar, delivery, webhooks }
    this.#cameBack()
  }

  /** Opening writes too, and a write takes simulated time: down until the very moment that it is open. */
  async #open(files: MortalFiles): Promise<Opened> {
    const beganMs = this.#clock.monotonicMs()
    let opened: (Opened & { readonly atMs: number }) | undefined
    this.#openStore(files).then(
      (store) => {
        opened = { ...store, atMs: this.#clock.monotonicMs() }
      },
      (error: unknown) => this.#fail(error),
    )
    while (opened === undefined) {
      if (this.#violation !== undefined) throw this.#violation
      await this.#clock.advance(5)
    }
    this.#downMs += opened.atMs - beganMs
    return opened
  }

  async #openStore(files: MortalFiles): Promise<Opened> {
    const rows = await openSmallRows(this.#seeFiles(files), this.#clock)
    const telling: Rows = {
      ...rows,
      commit: (changes) =>
        rows.commit(changes).catch((error: unknown) => {
          this.#onRefused()
          throw error
        }),
    }
    return { rows, store: await openEmbeddedStore({ rows: telling, clock: this.#clock }) }
  }

  #remind(registration: Registration): void {
    // Reminders carry no `to`: they are counted, and kept from the ledger, by not being sent to devices here.
    if (this.#devices.find(({ endpoint }) => isSameEndpoint(endpoint, registration))?.isConnected)
      this.tally.reminders++
  }

  #checkLateness(lateMs: number): void {
    if (lateMs < 0) throw new Violation(`expired ${-lateMs} ms early`)
    const isTroubled = this.#disk.failing !== undefined || this.#isDiskStalled
    const isExcused = isTroubled || this.#upMs() - this.#diskRepairedAtUpMs < 20_000
    // Who was due and not told yet when the process stood still is told once it goes on; by the step that time makes
    // meanwhile they seem later.
    const stoodStillMs = this.#upMs() - this.#wentOnAtUpMs < LATENESS_MS_MAX ? STANDSTILL_STEP_MS : 0
    if (lateMs > LATENESS_MS_MAX + stoodStillMs && !isExcused)
      throw new Violation(`expired ${lateMs} ms late`)
  }

  #onExpired(registration: Registration): void {
    this.tally.expiries++
    const device = this.#devices.find(({ endpoint }) => isSameEndpoint(endpoint, registration))
    if (device?.life?.registrationId !== registration.registrationId) return
    this.#history.recorder.add({ kind: 'expired', endpoint: device.name })
    this.#checkNotEarly(device, 'expired')
    device.life = undefined
  }

  #checkNotEarly(device: Device, what: string): void {
    const { life } = device
    if (life === undefined) return
    const leftMs = life.aliveSinceUpMs + life.keepAliveSeconds * 1000 - this.#upMs()
    if (leftMs > 0) throw new Violation(`${device.name} ${what} ${leftMs} ms before its time`)
  }

  async #act(): Promise<void> {
    const roll = this.#dice.roll(1000)
    if (roll < 4) return this.#crash()
    if (roll < 8) return this.#restart()
    if (roll < 12) return this.#breakDisk()
    if (roll < 16) return this.#jumpWall()
    if (roll < 20) return this.#stall()
    if (roll < 23) return this.#takeOver()
    if (roll < 26) return this.#stallDisk()
    if (roll < 520) return this.#send()
    return this.#useDevice(this.#dice.pick(this.#devices))
  }

  #jumpWall(): void {
    this.tally.jumps++
    if (this.#dice.chance(50)) {
      this.#jumpWallBy(this.#dice.roll(7_200_000) - 3_600_000)
      return
    }
    this.#jumpWallBy(MONTH_MS)
    this.#aheads++
    this.#clock.after(this.#dice.roll(70_000), () => {
      this.#jumpWallBy(-MONTH_MS)
      this.#aheads--
    })
  }

  #jumpWallBy(ms: number): void {
    this.#clock.jumpWall(ms)
    this.#history.recorder.fault('clock_jumped')()
  }

  /** Nothing runs for longer than any step of service time. */
  async #stall(): Promise<void> {
    this.tally.stalls++
    const alive = this.#alive()
    const ended = this.#ledger.trouble(this.#upMs())
    const goesOn = this.#history.recorder.fault('node_froze')
    // What was due is carried out at its very end.
    this.#wentOnAtUpMs = Number.POSITIVE_INFINITY
    await this.#clock.stall(1500 + this.#dice.roll(30_000))
    goesOn()
    ended(this.#upMs())
    this.#wentOnAtUpMs = this.#upMs()
    this.#giveFullPeriod(alive)
  }

  #alive(): readonly Life[] {
    return this.#devices.flatMap(({ life }) => (life !== undefined && this.#isAlive(life) ? [life] : []))
  }

  /** Whoever lived when nobody could be heard, or nothing be written, any more has a full period from its end. */
  #giveFullPeriod(alive: readonly Life[]): void {
    for (const life of alive) life.aliveSinceUpMs = this.#upMs()
  }

  async #downFor(ms: number): Promise<void> {
    const beforeMs = this.#clock.monotonicMs()
    await this.#clock.advance(ms)
    this.#downMs += this.#clock.monotonicMs() - beforeMs
  }

  async #crash(): Promise<void> {
    this.tally.crashes++
    this.#goes('node_died')
    // Most of the time it dies in the middle of a write.
    if (this.#dice.chance(70)) await this.#keepBusy(this.#dice.roll(10))
    this.#service?.files.die()
    if (this.#dice.chance(50)) this.#disk.cutPower()
    this.#ledger.trouble(this.#upMs())
    await this.#comeBack()
  }

  /** Another process takes the folder while the one that had it stands still before a write, which it makes then. */
  async #takeOver(): Promise<void> {
    const former = this.#service
    if (former === undefined || this.#disk.failing !== undefined) return
    this.tally.takeOvers++
    this.#goes('node_died')
    const release = former.files.holdWrites()
    // What it answers late counts as well.
    this.#former = former
    for (let round = 0; round < 5; round++) await this.#keepBusy(40)
    this.#ledger.trouble(this.#upMs())
    await this.#comeBack()
    release()
    await this.#advance(50)
    former.files.die()
    this.#former = undefined
    this.#history.lost(former)
  }

  /** The process is not what it should be until another has taken its place. */
  #goes(what: 'node_died' | 'node_stopped'): void {
    this.#cameBack()
    this.#cameBack = this.#history.recorder.fault(what)
  }

  /** Nothing that is written ends for a while, and then all of it does. */
  #stallDisk(): void {
    if (this.#disk.failing !== undefined || this.#isDiskStalled) return
    this.tally.diskStalls++
    this.#isDiskStalled = true
    this.#disk.stall()
    const ended = this.#ledger.trouble(this.#upMs())
    const goesOn = this.#history.recorder.fault('store_stalled')
    this.#clock.after(this.#dice.roll(4_000), () => {
      goesOn()
      this.#goOn(ended)
    })
  }

  #goOn(ended: (upMs: number) => void): void {
    this.#disk.goOn()
    this.#isDiskStalled = false
    this.#diskRepairedAtUpMs = this.#upMs()
    ended(this.#upMs())
  }

  /** Everybody wants something. */
  async #keepBusy(ms: number): Promise<void> {
    for (let sends = 0; sends < 4; sends++) {
      this.#step++
      this.#send(true)
    }
    this.#useDevice(this.#dice.pick(this.#devices))
    await this.#advance(ms)
  }

  async #restart(): Promise<void> {
    const service = this.#service
    if (service === undefined || this.#disk.failing !== undefined) return this.#crash()
    this.#service = undefined
    this.#goes('node_stopped')
    service.delivery.drain()
    // In the server's own order: expiries go on until nobody is told of them any more.
    const closed = service.webhooks
      .close()
      .then(() => service.registrar.close())
      .then(() => service.store.close())
    let isClosed = false
    closed.then(
      () => {
        isClosed = true
      },
      (error: unknown) => this.#fail(error),
    )
    while (!isClosed && this.#violation === undefined) await this.#advance(5)
    await this.#comeBack()
  }

  async #comeBack(): Promise<void> {
    const dead = this.#service
    this.#service = undefined
    if (dead !== undefined && dead !== this.#former) this.#history.lost(dead)
    for (const device of this.#devices) {
      device.lose()
      device.isBusy = false
    }
    dead?.delivery.drain()
    await Promise.race([dead?.registrar.close(), dead?.webhooks.close(), Promise.resolve()])
    if (this.#disk.failing !== undefined) this.#outageEnded(this.#upMs())
    this.#repaired()
    this.#disk.failing = undefined
    await this.#downFor(this.#dice.roll(60_000))
    await this.#boot()
  }

  #breakDisk(): void {
    if (this.#disk.failing !== undefined) return
    this.tally.failures++
    this.#disk.failing = this.#dice.chance(50) ? 'EIO' : 'ENOSPC'
    this.#outageEnded = this.#ledger.trouble(this.#upMs())
    this.#repaired = this.#history.recorder.fault('store_failed')
    const service = this.#service
    // Only a failure that was noticed is one.
    let alive: readonly Life[] = []
    this.#onRefused = () => {
      alive = this.#alive()
      this.#onRefused = () => undefined
    }
    const lastsMs = this.#dice.chance(20) ? 24_000 : this.#dice.roll(3000)
    this.#clock.after(lastsMs, () => {
      this.#onRefused = () => undefined
      if (service === this.#service) this.#giveFullPeriod(alive)
      this.#disk.failing = undefined
      this.#repaired()
      this.#diskRepairedAtUpMs = this.#upMs()
      this.#outageEnded(this.#upMs())
    })
  }

  #useDevice(device: Device): void {
    const service = this.#service
    if (service !== undefined && this.#dice.chance(8)) {
      this.#answer(service, device)
      return
    }
    if (service === undefined || device.isBusy) return
    const operation = this.#chooseOperation(device)
    if (operation !== undefined) this.#operate(device, () => operation(service, device))
  }

  /** What the device does next: a request, or, without one, something it does alone. */
  #chooseOperation(device: Device): ((service: Service, device: Device) => Promise<void>) | undefined {
    const roll = this.#dice.roll(100)
    if (device.life === undefined || (roll >= 33 && roll < 36)) return this.#register.bind(this)
    if (roll < 30) return this.#keepalive.bind(this)
    if (roll < 33) return this.#unregister.bind(this)
    if (roll < 45) device.drop()
    else if (device.isConnected) device.acknowledgeSome()
    else return this.#connect.bind(this)
    return undefined
  }

  /** Starts an operation without waiting for it: the next step, or a crash, comes in between. */
  #operate(device: Device, operation: () => Promise<void>): void {
    const service = this.#service
    device.isBusy = true
    operation()
      .catch((error: unknown) => this.#refused(device, error))
      .finally(() => {
        if (service === this.#service) device.isBusy = false
      })
  }

  /** A person answers what rang, whether the device has a link or a registration by now or not. */
  #answer(service: Service, device: Device): void {
    const rung = this.#rung.get(device) ?? []
    if (rung.length === 0) return
    // Mostly what rang last, which may ring at others too.
    const eventId = this.#dice.chance(70) ? (rung.at(-1) ?? '') : this.#dice.pick(rung)
    const { userEndpointId } = device.endpoint
    this.#answers.attempt(eventId)
    const isAhead = this.#aheads > 0
    // Whoever answers has the event.
    this.#receipts.acknowledge(device, eventId)
    const answer = { eventId, userEndpointId, answer: undefined }
    const answered = this.#ask(service, { op: 'answer', endpoint: device.name, eventId }, () =>
      service.delivery.answer(device.endpoint, answer),
    )
    answered.then(
      () => this.#hear(service, () => this.#answers.won(eventId, userEndpointId)),
      (error: unknown) => {
        if (!(error instanceof RollcallError)) return this.#fail(error)
        const answeredBy = error.fields.get('answeredBy')
        if (error.code === 'answered_elsewhere')
          this.#hear(service, () => this.#answers.lost(eventId, userEndpointId, answeredBy))
        else if (error.code === 'not_found') {
          if (!isAhead) this.#hear(service, () => this.#answers.unknown(eventId, device))
        } else if (error.code !== 'unavailable') this.#fail(error)
      },
    )
  }

  #ask<Answer>(
    service: Service,
    operation: Operation,
    ask: () => Promise<Answer>,
    resultOf?: (answer: Answer) => Result,
  ): Promise<Answer> {
    return this.#history.ask(service, operation, ask, resultOf)
  }

  /** What a process says after its death nobody hears. */
  #hear(service: Service, check: () => void): void {
    if (service === this.#service) this.#guard(check)
  }

  #refused(device: Device, error: unknown): void {
    if (!(error instanceof RollcallError)) this.#fail(error)
    else if (error.code === 'endpoint_unknown') {
      this.#guard(() => this.#checkNotEarly(device, 'was refused'))
      device.life = undefined
    } else if (error.code !== 'unavailable') this.#fail(error)
  }

  async #register(service: Service, device: Device): Promise<void> {
    const keepAliveSeconds = 1 + this.#dice.roll(20)
    const calledAtUpMs = this.#upMs()
    const former = device.life
    // Until the answer is there, nobody can say what the server has.
    device.life = undefined
    const { organizationId, userId, userEndpointId } = device.endpoint
    const wanted = { userEndpointId, keepAliveSeconds, serverKeepAliveReminderOn: this.#dice.chance(50) }
    const operation = { op: 'register', endpoint: device.name, keepAliveSeconds } as const
    const registration = await this.#ask(service, operation, () =>
      service.registrar.register({ organizationId, userId }, wanted, FOREVER_MS),
    )
    if (service !== this.#service) return
    if (!this.#registered.has(registration.registrationId))
      this.#webhooks.owe('UserEndpointRegisteredEvent', device.endpoint)
    this.#registered.add(registration.registrationId)
    const isRefresh = former?.registrationId === registration.registrationId
    if (former !== undefined && !isRefresh)
      this.#guard(() => this.#checkReplaced(device, former, calledAtUpMs))
    device.life = isRefresh
      ? Object.assign(former, { keepAliveSeconds, aliveSinceUpMs: calledAtUpMs })
      : { registrationId: registration.registrationId, keepAliveSeconds, aliveSinceUpMs: calledAtUpMs }
  }

  /** A refresh that came too late gives a new registration; one in time must not. */
  #checkReplaced(device: Device, former: Life, calledAtUpMs: number): void {
    if (calledAtUpMs < former.aliveSinceUpMs + former.keepAliveSeconds * 1000)
      throw new Violation(`${device.name} was given a new registration while its old one lived`)
  }

  async #keepalive(service: Service, device: Device): Promise<void> {
    const { life } = device
    const calledAtUpMs = this.#upMs()
    await this.#ask(service, { op: 'keepalive', endpoint: device.name }, () =>
      service.registrar.keepalive(device.endpoint, undefined),
    )
    if (life !== undefined) life.aliveSinceUpMs = Math.max(life.aliveSinceUpMs, calledAtUpMs)
  }

  async #unregister(service: Service, device: Device): Promise<void> {
    const { life } = device
    device.life = undefined
    try {
      await this.#ask(service, { op: 'unregister', endpoint: device.name }, () =>
        service.registrar.unregister(device.endpoint),
      )
      if (service === this.#service) this.#webhooks.owe('UserEndpointUnregisteredEvent', device.endpoint)
    } catch (error) {
      if (error instanceof RollcallError && error.code === 'endpoint_unknown') device.life = life
      throw error
    }
  }

  async #connect(service: Service, device: Device): Promise<void> {
    const registration = await this.#ask(
      service,
      { op: 'look', endpoint: device.name },
      () => service.registrar.find(device.endpoint),
      (found) => ({ present: found !== undefined }),
    )
    if (service !== this.#service) return
    if (registration === undefined) throw new RollcallError('endpoint_unknown')
    if (registration.registrationId !== device.life?.registrationId) return
    await device.connect(registration, service.delivery.attach, () => this.#step)
  }

  /** @param isPlain without what two that are sent at once would settle in an order that nobody promises */
  #send(isPlain = false): void {
    const service = this.#service
    if (service === undefined) return
    const target = this.#dice.pick(this.#devices)
    const { organizationId, userId, userEndpointId } = target.endpoint
    const isForAll = this.#dice.chance(50)
    const isMasked = this.#dice.chance(40)
    const key = !isPlain && this.#dice.chance(20) ? `key-${organizationId}-${this.#dice.roll(10)}` : undefined
    const eventId = `event-${this.#step}`
    const event = {
      id: eventId,
      type: 'CallOfferedEvent',
      timestamp: '2026-01-01T00:00:00Z',
      to: `${organizationId}/${userId}`,
      ...(isMasked ? { card: { number: SECRET } } : {}),
    }
    const qos = this.#dice.chance(75) ? 1 : 0
    const terms = qos === 1 && !isPlain ? this.#chooseTerms() : {}
    const body = {
      userId,
      qos,
      event,
      ...termsInBody(terms, event),
      ...(isForAll ? {} : { userEndpointId }),
      ...(isMasked ? { masks: ['$.card.number'] } : {}),
    }
    const send: Send = {
      eventId,
      to: event.to,
      qos,
      key,
      startedStep: this.#step,
      startedAtMs: this.#clock.monotonicMs(),
      answeredStep: undefined,
      terms,
    }
    this.#begin(send)
    const addressed = isForAll
      ? this.#devices.filter((device) => isSameUser(device.endpoint, target.endpoint))
      : [target]
    const lives = this.#certain(addressed)
    this.tally.sends++
    const principal = {
      organizationId,
      userId: 'backend',
      clientId: 'backend',
      isClient: true,
      authorities: [],
      isService: false,
      expiresAtWallMs: FOREVER_MS,
    }
    const command = parseSendEvent(Buffer.from(JSON.stringify(body)))
    const wait = { waitMs: 1000 * (1 + this.#dice.roll(5)), gone: new AbortController().signal }
    const isWaiting = key === undefined && this.#dice.chance(20)
    const named = isForAll ? {} : { endpoint: target.name }
    const operation = sendOperation(send, event, { ...named, nowWallMs: this.#clock.wallMs() })
    const answered = this.#ask(
      service,
      operation,
      () =>
        isWaiting
          ? service.delivery.sendEventAndWait(principal, command, undefined, wait)
          : service.delivery.sendEvent(principal, command, key),
      sendResult,
    )
    answered.then(
      (answer) => this.#guard(() => this.#answered(service, send, answer, addressed, lives)),
      (error: unknown) => {
        if (!(error instanceof RollcallError && error.code === 'unavailable')) this.#fail(error)
      },
    )
  }

  /** One kind at a time, so that what is promised of each stays plain. */
  #chooseTerms(): SendTerms {
    const roll = this.#dice.roll(100)
    if (roll < 15) return { expiresAtWallMs: this.#clock.wallMs() + 1000 * (1 + this.#dice.roll(10)) }
    if (roll < 30) return { collapseKey: `collapse-${this.#dice.roll(2)}` }
    if (roll < 50) return { cancelId: `cancel-${this.#step}` }
    if (roll < 70) return { overId: `over-${this.#step}` }
    return {}
  }

  #begin(send: Send): void {
    this.#ledger.sends.set(send.eventId, send)
    this.#receipts.start(send)
    this.#answers.start(send)
    const { cancelId, overId, collapseKey } = send.terms
    if (collapseKey !== undefined) this.#ledger.mayReplace(send)
    // When it will be accepted nobody knows: no order is promised.
    for (const otherId of [cancelId, overId])
      if (otherId !== undefined)
        this.#ledger.sends.set(otherId, { ...send, eventId: otherId, startedStep: 0, terms: {} })
  }

  /** Lives that the server surely knows and that have not come to their time. */
  #certain(devices: readonly Device[]): readonly Life[] {
    return devices.flatMap(({ life, isBusy }) =>
      life !== undefined && !isBusy && this.#isAlive(life) ? [life] : [],
    )
  }

  #isAlive(life: Life): boolean {
    return this.#upMs() < life.aliveSinceUpMs + life.keepAliveSeconds * 1000
  }

  #answered(
    service: Service,
    send: Send,
    answer: SendResult,
    addressed: readonly Device[],
    lives: readonly Life[],
  ): void {
    this.#receipts.checkReceipts(answer.eventId, answer.receipts?.acknowledged ?? 0)
    if (service !== this.#service && service !== this.#former) return
    const answeredBy = answer.receipts?.answeredBy
    if (answeredBy !== undefined) this.#answers.won(answer.eventId, answeredBy)
    if (answer.eventId !== send.eventId) {
      this.#checkRemembered(answer.eventId, send, send.key)
      return
    }
    if (send.key !== undefined) this.#remember(send.key, send)
    send.answeredStep = this.#step
    const still = this.#certain(addressed).filter((life) => lives.includes(life))
    if (answer.count < still.length)
      throw new Violation(
        `${send.eventId} was accepted for ${answer.count} endpoints of ${still.length} that live`,
      )
    if (answer.count > addressed.length) throw new Violation(`${send.eventId} was counted too often`)
    if (send.qos === 1) for (const life of still) this.#ledger.owe(life, send)
    const { cancelId, overId } = send.terms
    if (overId !== undefined && answer.count === still.length) this.#answers.call(send.eventId, overId, still)
    if (cancelId !== undefined && answer.count > 1 && answer.count === still.length)
      this.#receipts.race(send.eventId, cancelId, still)
  }

  #remember(key: string, send: Send): void {
    const known = this.#keys.get(key)
    // However the wall clock jumps.
    const isRemembered =
      known?.qos === 1 && this.#clock.monotonicMs() - known.startedAtMs < IDEMPOTENCY_TTL_MS
    if (isRemembered)
      throw new Violation(`${send.eventId} was sent although ${key} had been used for ${known.eventId}`)
    this.#keys.set(key, send)
  }

  #checkRemembered(eventId: string, send: Send, key: string | undefined): void {
    if (key === undefined || this.#ledger.sends.get(eventId)?.key !== key)
      throw new Violation(`${send.eventId} was answered with ${eventId}, sent with another key`)
  }

  #isRefusing(): boolean {
    return this.#disk.failing !== undefined || this.#service?.store.failure() !== undefined
  }

  /** Everything works now: every living device connects, stays, and acknowledges what it gets. */
  async #settleUp(): Promise<void> {
    // As long as an outage lasts, and until the store has noticed that it is over.
    for (let tries = 0; tries < 120 && this.#isRefusing(); tries++) await this.#advance(1_000)
    for (let round = 0; round < 60 && this.#violation === undefined; round++) {
      for (const device of this.#devices) this.#attend(device)
      await this.#advance(300)
    }
    this.#history.recorder.add({ kind: 'settled' })
    for (const device of this.#devices) this.#guard(() => this.#ledger.settleUp(device))
    this.#guard(() => {
      this.tally.cancelled += this.#receipts.settleUp(this.#devices)
    })
    await this.#checkHistory()
    this.#guard(() => {
      this.tally.silenced += this.#answers.settleUp(this.#devices)
    })
    await this.#recount()
    await this.#settleWebhooks()
    await this.#restart()
  }

  /** Receivers that refused are tried again within five minutes. */
  async #settleWebhooks(): Promise<void> {
    this.#webhooks.isKind = true
    for (let minute = 0; minute < 6; minute++) await this.#advance(60_000)
    this.#guard(() => this.#webhooks.settleUp())
    this.tally.told += this.#webhooks.received
    this.tally.refreshedAgain += this.#signIns.repeated
    this.tally.thefts += this.#signIns.thefts
  }

  /** What there is, once it is on the disk, and what the store believes. */
  async #recount(): Promise<void> {
    const service = this.#service
    if (service === undefined) return
    // Soon durable.
    await this.#advance(2000)
    const tables = await readTables(service.rows)
    const { registrations, mailboxEvents } = await service.store.totals()
    const depths: Record<string, number> = {}
    const depthOf = depthsOf(tables)
    for (const { endpoint, name } of this.#devices) {
      const registration = await service.registrar.find(endpoint)
      if (registration !== undefined) depths[name] = depthOf.get(registration.registrationId) ?? 0
    }
    this.#history.recorder.add({
      kind: 'recount',
      totals: { registrations, mailboxEvents },
      counted: { registrations: tables('registrations').size, mailboxEvents: tables('mailbox').size },
      orphans: leftOver(tables),
      depths,
    })
  }

  async #checkHistory(): Promise<void> {
    const history = this.#service?.store.history
    for (const send of this.#ledger.sends.values()) {
      const record = await history?.find(send.eventId, {})
      if (record !== undefined) {
        this.#history.outcomes(send, record)
        this.#guard(() => this.#checkRecord(send, record))
      } else if (send.qos === 1 && send.answeredStep !== undefined)
        this.#fail(new Violation(`${send.eventId} was answered and is not in the history`))
    }
  }

  #checkRecord(send: Send, record: HistoryRecord): void {
    this.#receipts.checkRecord(send, record)
    this.#answers.checkRecord(send, record)
  }

  #attend(device: Device): void {
    const service = this.#service
    // Who does not know whether it is registered looks after its link no more.
    if (device.life === undefined && !device.isBusy) device.drop()
    if (service === undefined || device.life === undefined || device.isBusy) return
    if (!device.isConnected) {
      this.#operate(device, () => this.#connect(service, device))
      return
    }
    for (let turn = 0; turn < 10; turn++) device.acknowledgeSome()
    this.#operate(device, () => this.#keepalive(service, device))
  }
}

function isSameUser(a: Device['endpoint'], b: Device['endpoint']): boolean {
  return a.organizationId === b.organizationId && a.userId === b.userId
}

function isSameEndpoint(a: Device['endpoint'], b: Device['endpoint']): boolean {
  return isSameUser(a, b) && a.userEndpointId === b.userEndpointId
}

function termsInBody({ expiresAtWallMs, collapseKey, cancelId, overId }: SendTerms, event: object): object {
  const over = { ...event, id: overId, type: 'CallCancelledEvent' }
  return {
    ...(overId === undefined ? {} : { waitFor: 'answered', cancelOthers: { event: over } }),
    ...(expiresAtWallMs === undefined ? {} : { expiresAt: new Date(expiresAtWallMs).toISOString() }),
    ...(collapseKey === undefined ? {} : { collapseKey }),
    ...(cancelId === undefined
      ? {}
      : {
          cancelOthers: { on: 'acknowledged', event: { ...event, id: cancelId, type: 'CallCancelledEvent' } },
        }),
  }
}
