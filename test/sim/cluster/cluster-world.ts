import { RollcallError } from '@rollcall/protocol/error-code'
import type { NodeTable } from '../../../server/src/cluster/cluster.ts'
import {
  parseSendEvent,
  type SendEventCommand,
  type SendResult,
} from '../../../server/src/delivery/delivery.ts'
import { createMemoryStore, type MemoryStore } from '../../../server/src/store/memory/memory.ts'
import { createFakeClock, type FakeClock, seededRandom } from '../../helpers/fake-clock.ts'
import { MemoryNodeTable, SimulatedNetwork } from '../../helpers/simulated-network.ts'
import { Checker, type Verdict } from '../../history/checker.ts'
import type { FaultName, Line, Send } from '../../history/lines.ts'
import { type RecordedCall, Recorder } from '../../history/recorder.ts'
import { createDice, type Dice } from '../dice.ts'
import { Administrators } from './administrators.ts'
import { writeFirstDirectory } from './first-directory.ts'
import { HookReceivers } from './hook-receivers.ts'
import { MqttBackend } from './mqtt-backend.ts'
import { Phone, type PhoneLink } from './phone.ts'
import { backendOf, type Plant, ServiceProcess } from './process.ts'
import type { StoreWeather } from './remote-store.ts'
import { Tokens } from './tokens.ts'
import { WAKE_WEBHOOK, WakeReceiver } from './wake-receiver.ts'

const FOREVER_MS = 9_000_000_000_000
/** A client gives a call up that is not answered by then, milliseconds. */
const TIMEOUT_MS = 5_000
const SKEW_MS_MAX = 3_000
const ORGANIZATIONS = ['acme', 'globex']
/** Of this endpoint there are two devices, which take it from each other. */
const TWIN = { organizationId: 'acme', userId: 'alice', userEndpointId: 'tab' }
/** Time from a process's death until its links are out of the store, and a little. */
const BURIED_BY_MS = 13_000
/** Rounds in which all phones connect and take what comes, and in which of them something still is sent. */
const SETTLING_ROUNDS = 160
const SENDING_FROM = 115
const SENDING_TO = 135

export type ClusterWorldOptions = {
  readonly seed: number
  readonly nodes: number
  /** Puts a fault into what each process has of the store, to see that it is found. */
  readonly plant?: Plant
  readonly plantTable?: (table: NodeTable) => NodeTable
  /** Puts a fault between the processes. */
  readonly plantNetwork?: (network: SimulatedNetwork) => void
  /** Whether it is over with the first violation, as where one is looked for. Default: no. */
  readonly stopsAtViolation?: boolean
  /** Gets the history as well. */
  readonly onLine?: (line: Line) => void
}

/** What came of a run, so that a test sees that it did something. */
export type ClusterTally = {
  sends: number
  bulks: number
  repeats: number
  freezes: number
  burials: number
  deaths: number
  storms: number
  outages: number
  answers: number
  revocations: number
  directoryChanges: number
  directoryLooks: number
  deliveries: number
  told: number
  published: number
  roams: number
  wakes: number
  judgedWakes: number
  requestedAcks: number
}

/**
 * Several processes of one service over one store, phones and senders that come to any of them, and a network between them
 * that loses, doubles, delays and reorders; processes freeze, die and come back. All by one seed, on a clock moved from here.
 * It writes a history, which the checker judges.
 */
export class ClusterWorld {
  readonly tally: ClusterTally = {
    ...{ sends: 0, bulks: 0, repeats: 0, freezes: 0, burials: 0, deaths: 0, storms: 0 },
    ...{ outages: 0, answers: 0, revocations: 0, deliveries: 0, told: 0 },
    ...{ directoryChanges: 0, directoryLooks: 0 },
    ...{ published: 0, roams: 0, wakes: 0, judgedWakes: 0, requestedAcks: 0 },
  }
  readonly #options: ClusterWorldOptions
  readonly #dice: Dice
  readonly #random
  readonly #clock: FakeClock = createFakeClock()
  readonly #memory: MemoryStore
  readonly #table: NodeTable
  readonly #network: SimulatedNetwork
  readonly #storeWeather: StoreWeather = { answersLost: 0, callsLost: 0 }
  readonly #checker: Checker
  readonly #recorder: Recorder
  readonly #hooks: HookReceivers
  readonly #tokens: Tokens
  readonly #administrators: Administrators
  readonly #phones: readonly Phone[]
  readonly #wakes: WakeReceiver
  readonly #backends: ReadonlyMap<string, MqttBackend>
  /** Faults that are not over, and when the last was. */
  #faults = 0
  #troubledAtMs = Number.NEGATIVE_INFINITY
  #processes: ServiceProcess[] = []
  #toStart: string[] = []
  #started = 0
  #step = 0
  /** Events with a key, so that they can be sent again. */
  readonly #keyed: Made[] = []
  #unexpected: unknown
  #isViolated = false

  constructor(options: ClusterWorldOptions) {
    const { seed, nodes, onLine } = options
    this.#options = options
    this.#dice = createDice(seed)
    this.#random = seededRandom(`cluster ${seed}`)
    this.#memory = createMemoryStore({ clock: this.#clock })
    const table = new MemoryNodeTable(this.#clock)
    this.#table = options.plantTable?.(table) ?? table
    this.#network = new SimulatedNetwork(this.#clock, this.#dice)
    options.plantNetwork?.(this.#network)
    this.#checker = new Checker(() => {
      this.#isViolated = true
    })
    const write = (line: Line): void => {
      if (line.kind === 'delivery') this.tally.deliveries++
      onLine?.(line)
      this.#checker.take(line)
    }
    this.#recorder = new Recorder(write, () => this.#clock.monotonicMs(), {
      source: `simulated cluster: npm run simulate -- --nodes ${nodes} --seed ${seed}`,
      nodes: Array.from({ length: nodes }, (_, node) => `node${node}`),
      webhooks: HookReceivers.described,
      settings: { clockSkewMs: 2 * SKEW_MS_MAX, mailboxEventsMax: 100_000 },
    })
    this.#hooks = new HookReceivers(this.#clock, this.#dice, this.#recorder)
    this.#tokens = new Tokens(this.#clock, this.#recorder)
    this.#administrators = new Administrators(this.#recorder, this.#dice)
    this.#phones = this.#makePhones()
    const troubledAtMs = () => (this.#faults > 0 ? this.#clock.monotonicMs() : this.#troubledAtMs)
    this.#wakes = new WakeReceiver(
      this.#clock,
      (name) => this.#registrationIdOf(name),
      troubledAtMs,
      (error) => this.#fail(error),
    )
    this.#backends = new Map(ORGANIZATIONS.map((id) => [id, new MqttBackend(id, this.#clock)]))
  }

  /** Runs so many steps and settles up. @throws what the service threw that it should not */
  async run(steps: number): Promise<Verdict> {
    await this.#boot()
    while (this.#step < steps && !this.#isOver) {
      this.#step++
      await this.#act()
      await this.#clock.advance(this.#dice.chance(5) ? this.#dice.roll(1_500) : this.#dice.roll(60))
    }
    if (!this.#isOver) await this.#settle()
    if (this.#unexpected !== undefined) throw this.#unexpected
    for (const process of this.#processes) void process.close()
    await this.#clock.advance(2_000)
    await this.#memory.close()
    this.tally.told = this.#hooks.received
    this.tally.wakes = this.#wakes.received
    this.tally.judgedWakes = this.#wakes.judged
    return this.#checker.finish()
  }

  get #isOver(): boolean {
    return this.#unexpected !== undefined || (this.#options.stopsAtViolation === true && this.#isViolated)
  }

  #makePhones(): readonly Phone[] {
    const users = ['acme/alice', 'acme/bob', 'globex/alice']
    const phones = users.flatMap((user) => {
      const [organizationId = '', userId = ''] = user.split('/')
      return ['phone', 'tab', 'watch'].map(
        (userEndpointId) => new Phone({ organizationId, userId, userEndpointId }, this.#dice, this.#recorder),
      )
    })
    return [...phones, new Phone(TWIN, this.#dice, this.#recorder)]
  }

  async #boot(): Promise<void> {
    await this.#memory.signingKeys.add(this.#tokens.signingKey)
    await writeFirstDirectory(this.#memory)
    for (let node = 0; node < this.#options.nodes; node++) await this.#startProcess(`node${node}`)
    await this.#clock.advance(500)
  }

  async #startProcess(name: string): Promise<void> {
    const process = new ServiceProcess({
      name,
      clock: this.#clock,
      wallOffsetMs: this.#dice.roll(2 * SKEW_MS_MAX) - SKEW_MS_MAX,
      random: this.#random,
      dice: this.#dice,
      network: this.#network,
      table: this.#table,
      memory: this.#memory,
      storeWeather: this.#storeWeather,
      hooks: this.#hooks,
      wakes: this.#wakes,
      plant: this.#options.plant ?? ((store) => store),
      incarnation: ++this.#started,
      onExpired: ({ organizationId, userId, userEndpointId }) =>
        this.#recorder.add({ kind: 'expired', endpoint: `${organizationId}/${userId}/${userEndpointId}` }),
    })
    this.#processes.push(process)
    await process.start()
  }

  #fail(error: unknown): void {
    this.#unexpected ??= error
  }

  async #act(): Promise<void> {
    for (const name of this.#toStart.splice(0)) await this.#startProcess(name)
    const roll = this.#dice.roll(1000)
    if (roll < 6) this.#freeze()
    else if (roll < 9) this.#kill()
    else if (roll < 15) this.#storm()
    else if (roll < 18) this.#breakStore()
    else if (roll < 24) this.#revoke()
    else if (roll < 60) return this.#useToken()
    else if (roll < 66) this.#roam()
    else if (roll < 420) this.#send()
    else if (roll < 440) this.#sendMany()
    else if (roll < 465) this.#repeat()
    else if (roll < 475) this.#changeDirectory()
    else if (roll < 500) this.#lookAtDirectory(this.#anybody())
    else this.#usePhone(this.#dice.pick(this.#phones))
  }

  #anybody(): ServiceProcess | undefined {
    const up = this.#processes.filter(({ isUp }) => isUp)
    return up.length === 0 ? undefined : this.#dice.pick(up)
  }

  async #registrationIdOf(name: string): Promise<number | undefined> {
    const [organizationId = '', userId = '', userEndpointId = ''] = name.split('/')
    const [found] = await this.#memory.registrations.look([{ organizationId, userId, userEndpointId }], {})
    return found?.registration.registrationId
  }

  /** From now until the answer is called. */
  #fault(what: FaultName, node?: string): () => void {
    const over = this.#recorder.fault(what, node)
    this.#faults++
    return () => {
      this.#faults--
      this.#troubledAtMs = this.#clock.monotonicMs()
      over()
    }
  }

  /** A backend comes to another process, with the client id that it has at the one before. */
  #roam(): void {
    const process = this.#anybody()
    if (process === undefined) return
    this.tally.roams++
    this.#backends.get(this.#dice.pick(ORGANIZATIONS))?.connectAt(process)
  }

  #freeze(): void {
    const process = this.#anybody()
    if (process === undefined || !process.isThere) return
    this.tally.freezes++
    const longest = this.#dice.chance(40) ? 30_000 : 4_000
    const forMs = 100 + this.#dice.roll(longest)
    if (forMs > 10_500) this.tally.burials++
    const over = this.#fault('node_froze', process.name)
    process.node.clock.freeze()
    this.#clock.after(forMs, () => {
      process.node.clock.goOn()
      // Until it has found what it missed.
      this.#clock.after(3_000, over)
    })
  }

  #kill(): void {
    const process = this.#anybody()
    if (process === undefined) return
    this.tally.deaths++
    const over = this.#fault('node_died', process.name)
    process.die()
    this.#processes = this.#processes.filter((one) => one !== process)
    for (const phone of this.#phones) {
      const { link } = phone
      if (link?.process !== process) continue
      this.#clock.after(this.#dice.roll(2_000), () => link.fall(0))
    }
    this.#clock.after(this.#dice.roll(8_000), () => this.#toStart.push(process.name))
    this.#clock.after(BURIED_BY_MS, over)
  }

  /** Messages between processes are lost, doubled and late for a while. */
  #storm(): void {
    this.tally.storms++
    const over = this.#fault('messages_lost')
    this.#network.weather = {
      loss: this.#dice.roll(101),
      doubling: this.#dice.roll(60),
      delayMsMax: this.#dice.roll(2_500),
    }
    this.#clock.after(this.#dice.roll(6_000), () => {
      this.#network.weather = { loss: 0, doubling: 0, delayMsMax: 2 }
      over()
    })
  }

  /** Answers of the store are lost: what was asked has come about, or has not. */
  #breakStore(): void {
    this.tally.outages++
    const over = this.#fault('store_failed')
    Object.assign(this.#storeWeather, { answersLost: this.#dice.roll(40), callsLost: this.#dice.roll(40) })
    this.#clock.after(200 + this.#dice.roll(2_000), () => {
      Object.assign(this.#storeWeather, { answersLost: 0, callsLost: 0 })
      this.#clock.after(1_500, over)
    })
  }

  /** Has a process do something for a client, who hears of it if the process lives and is quick enough. */
  #ask<Answer>(
    call: RecordedCall,
    process: ServiceProcess,
    run: () => Promise<Answer>,
    onAnswer: (answer: Answer) => Parameters<RecordedCall['ok']>[0],
    onRefused: (code: string) => void = () => undefined,
  ): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(TIMEOUT_MS, () => {
        call.unknown()
        resolve()
      })
      const end = (tell: () => void): void => {
        timer.cancel()
        tell()
        resolve()
      }
      process.node.clock.enter(() => {
        run().then(
          (answer) => process.node.clock.enter(() => end(() => call.ok(onAnswer(answer)))),
          (error: unknown) => {
            if (!(error instanceof RollcallError)) return this.#fail(error)
            const { code, isUndecided, fields } = error
            const tell = (): void => {
              if (code === 'unavailable' && isUndecided) call.unknown()
              else {
                onRefused(code)
                call.refused(code, fields.get('answeredBy'))
              }
            }
            process.node.clock.enter(() => end(tell))
          },
        )
      })
    })
  }

  #usePhone(phone: Phone): void {
    const process = this.#anybody()
    const isAnswering = this.#dice.chance(8)
    if (isAnswering) this.#answer(phone)
    if (isAnswering || process === undefined || phone.isBusy) return
    const roll = this.#dice.roll(100)
    if (phone.keepAliveSeconds === undefined) this.#register(phone, process)
    else if (roll < 30) this.#keepalive(phone, process)
    else if (roll < 32) this.#unregister(phone, process)
    else if (roll < 36) this.#register(phone, process)
    else if (roll < 44) phone.drop()
    else if (phone.link !== undefined && roll < 92)
      this.#acknowledge(phone, phone.link, 1 + this.#dice.roll(8), process)
    else this.#connect(phone, process)
  }

  #busily(phone: Phone, work: Promise<void>): void {
    phone.isBusy = true
    void work.finally(() => {
      phone.isBusy = false
    })
  }

  #register(phone: Phone, process: ServiceProcess): void {
    const keepAliveSeconds = 4 + this.#dice.roll(30)
    const call = this.#recorder.begin({ op: 'register', endpoint: phone.name, keepAliveSeconds })
    const { organizationId, userId, userEndpointId } = phone.endpoint
    const wakeUp = process.wakeUps.accept(phone.endpoint, {
      ...{ kind: 'webhook', webhookId: WAKE_WEBHOOK, token: phone.name },
    })
    const wanted = {
      ...{ userEndpointId, keepAliveSeconds, serverKeepAliveReminderOn: this.#dice.chance(50) },
      ...(wakeUp === undefined ? {} : { wakeUp }),
    }
    const run = () => process.registrar.register({ organizationId, userId }, wanted, FOREVER_MS)
    this.#busily(
      phone,
      this.#ask(call, process, run, () => {
        phone.keepAliveSeconds = keepAliveSeconds
        return {}
      }),
    )
  }

  #keepalive(phone: Phone, process: ServiceProcess): void {
    const call = this.#recorder.begin({ op: 'keepalive', endpoint: phone.name })
    const run = () => process.registrar.keepalive(phone.endpoint, undefined)
    const gone = (code: string): void => {
      if (code === 'endpoint_unknown') phone.keepAliveSeconds = undefined
    }
    this.#busily(
      phone,
      this.#ask(call, process, run, () => ({}), gone),
    )
  }

  #unregister(phone: Phone, process: ServiceProcess): void {
    const op = this.#dice.chance(50) ? 'kick' : 'unregister'
    const call = this.#recorder.begin({ op, endpoint: phone.name })
    const run = () => process.registrar.unregister(phone.endpoint, op === 'kick' ? 'kicked' : 'requested')
    phone.keepAliveSeconds = undefined
    this.#busily(
      phone,
      this.#ask(call, process, run, () => ({})),
    )
  }

  #connect(phone: Phone, process: ServiceProcess): void {
    const call = this.#recorder.begin({ op: 'connect', endpoint: phone.name })
    const gone = (code: string): void => {
      if (code === 'endpoint_unknown') phone.keepAliveSeconds = undefined
    }
    this.#busily(
      phone,
      this.#ask(
        call,
        process,
        () => phone.connectAt(process),
        () => ({}),
        gone,
      ),
    )
  }

  #acknowledge(phone: Phone, link: PhoneLink, count: number, process: ServiceProcess): void {
    if (!link.isStream) link.acknowledgeSome(count)
    else if (link.unacknowledged > 0) this.#acknowledgeByRequest(phone, link, count, process)
  }

  /** As `POST …/events/acknowledge`, at whatever process. */
  #acknowledgeByRequest(phone: Phone, link: PhoneLink, count: number, process: ServiceProcess): void {
    this.tally.requestedAcks++
    const some = link.takeSome(count)
    const ids = some.map(({ streamId }) => streamId)
    const run = async () => {
      const [sighting] = await process.registrar.look([phone.endpoint], { link: true })
      return sighting === undefined ? 0 : process.delivery.acknowledge(sighting, ids)
    }
    // It is no call of the history: what it says is that the events were acknowledged.
    const call: RecordedCall = {
      ok: () => undefined,
      refused: () => link.askAgain(some),
      unknown: () => link.askAgain(some),
    }
    void this.#ask(call, process, run, (acknowledged) => {
      if (acknowledged === some.length) link.heard(some)
      else link.askAgain(some)
      return {}
    })
  }

  #answer(phone: Phone): void {
    const process = this.#anybody()
    const eventId = phone.rung.at(-1)
    if (process === undefined || eventId === undefined) return
    this.tally.answers++
    const call = this.#recorder.begin({ op: 'answer', endpoint: phone.name, eventId })
    const { endpoint } = phone
    const { userEndpointId } = endpoint
    const run = () => process.delivery.answer(endpoint, { eventId, userEndpointId, answer: undefined })
    void this.#ask(call, process, run, () => ({}))
  }

  #revoke(): void {
    const process = this.#anybody()
    if (process === undefined) return
    this.tally.revocations++
    this.#tokens.revoke(process, (call, run) => this.#ask(call, process, run, () => ({})))
  }

  #changeDirectory(): void {
    const process = this.#anybody()
    if (process === undefined) return
    this.tally.directoryChanges++
    this.#administrators.change(process, (call, run) => this.#ask(call, process, run, (answer) => answer))
  }

  #lookAtDirectory(process: ServiceProcess | undefined): void {
    if (process === undefined) return
    this.tally.directoryLooks++
    this.#administrators.look(process, (call, run) => this.#ask(call, process, run, (answer) => answer))
  }

  async #useToken(): Promise<void> {
    const process = this.#anybody()
    if (process === undefined || !process.isThere) return
    await this.#tokens.use(process, this.#dice, (call, run) =>
      this.#ask(call, process, run, (present) => ({ present })),
    )
  }

  /** @param more over what, where not by itself */
  #makeSend(via: 'post' | 'bulk' | 'mqtt', more: { readonly isPlain?: boolean } = {}) {
    const target = this.#dice.pick(this.#phones)
    const { organizationId, userId, userEndpointId } = target.endpoint
    const isForAll = this.#dice.chance(50)
    const qos = this.#dice.chance(80) ? 1 : 0
    const number = `${this.#step}-${this.#dice.roll(1_000_000)}`
    const roll = qos === 1 && more.isPlain !== true ? this.#dice.roll(100) : 100
    const isCall = roll < 12
    const isRace = roll >= 12 && roll < 24
    const eventId = `${isCall ? 'call' : 'event'}-${number}`
    const cancelId = `over-${number}`
    const event = { id: eventId, type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
    const over = { ...event, id: cancelId, type: 'CallCancelledEvent' }
    const isMasked = this.#dice.chance(30)
    const collapseKey = roll >= 24 && roll < 36 ? `collapse-${this.#dice.roll(2)}` : undefined
    const ttlSeconds = roll >= 36 && roll < 46 ? 8 + this.#dice.roll(10) : undefined
    const key = qos === 1 && via === 'post' && this.#dice.chance(25) ? `key-${number}` : undefined
    const body = {
      ...{ userId, qos, event: { ...event, card: 'secret' } },
      ...(isForAll ? {} : { userEndpointId }),
      ...(isMasked ? { masks: ['$.card'] } : {}),
      ...(collapseKey === undefined ? {} : { collapseKey }),
      ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
      ...(isCall ? { waitFor: 'answered', cancelOthers: { event: over } } : {}),
      ...(isRace ? { cancelOthers: { on: 'acknowledged', event: over } } : {}),
    }
    const send: Send = {
      ...{
        op: 'send',
        via,
        by: `${organizationId}/backend`,
        to: `${organizationId}/${userId}`,
        qos,
        eventId,
      },
      ...(isForAll ? {} : { endpoint: target.name }),
      ...(collapseKey === undefined ? {} : { collapseKey }),
      ...(ttlSeconds === undefined ? {} : { lifetimeMs: ttlSeconds * 1000 }),
      ...(key === undefined ? {} : { key }),
      ...(isCall ? { cancelOthers: { on: 'answered', eventId: cancelId } } : {}),
      ...(isRace ? { cancelOthers: { on: 'acknowledged', eventId: cancelId } } : {}),
    }
    return { send, body: JSON.stringify(body), number, organizationId }
  }

  #send(): void {
    const process = this.#anybody()
    if (process === undefined) return
    const made = this.#makeSend(this.#dice.chance(30) ? 'mqtt' : 'post')
    if (made.send.via === 'mqtt') this.#publish(process, made)
    else this.#sendAt(process, made.send, parse(made.body))
    if (made.send.key !== undefined) this.#keyed.push(made)
  }

  /** Over the connection that the backend has, or to this process. */
  #publish(process: ServiceProcess, { send, body, organizationId }: Made): void {
    this.tally.published++
    const call = this.#recorder.begin(send)
    this.#backends.get(organizationId)?.publish(call, send.qos, body, process)
  }

  #sendAt(process: ServiceProcess, send: Send, command: SendEventCommand): void {
    this.tally.sends++
    const call = this.#recorder.begin(send)
    const waits = send.key === undefined && send.via === 'post' && this.#dice.chance(25)
    const wait = { waitMs: 500 + this.#dice.roll(3_500), gone: new AbortController().signal }
    const principal = backendOf(send.to.split('/')[0] ?? '')
    const run = () =>
      waits
        ? process.delivery.sendEventAndWait(principal, command, undefined, wait)
        : process.delivery.sendEvent(principal, command, send.key)
    void this.#ask(call, process, run, toResult)
  }

  /** The same again, at whatever process, with the same key. */
  #repeat(): void {
    const process = this.#anybody()
    if (process === undefined || this.#keyed.length === 0) return
    this.tally.repeats++
    const made = this.#keyed.at(-1 - this.#dice.roll(Math.min(3, this.#keyed.length)))
    if (made === undefined) return
    // As clients do; or under ids of its own, so that a second event would show.
    const number = this.#dice.chance(50) ? made.number : `${made.number}-${this.#step}`
    const again = (text: string): string => text.replaceAll(made.number, number)
    const send: Send = { ...JSON.parse(again(JSON.stringify(made.send))), key: made.send.key }
    this.#sendAt(process, send, parse(again(made.body)))
  }

  #sendMany(): void {
    const process = this.#anybody()
    if (process === undefined) return
    this.tally.bulks++
    const organizationId = this.#dice.pick(['acme', 'globex'])
    const made = Array.from({ length: 12 }, () => this.#makeSend('bulk')).filter(
      (one) => one.organizationId === organizationId,
    )
    const calls = made.map(({ send }) => this.#recorder.begin(send))
    const all: RecordedCall = {
      ok: () => undefined,
      refused: (code) => void calls.map((call) => call.refused(code)),
      unknown: () => void calls.map((call) => call.unknown()),
    }
    const group = made.map(({ body }) => parse(body))
    const run = () => process.delivery.sendEvents(backendOf(organizationId), group)
    void this.#ask(all, process, run, (answers) => {
      for (const [at, answer] of answers.entries()) tellEach(calls[at], answer)
      return {}
    })
  }

  /** Everything works now: every phone connects, and takes what it gets. */
  async #settle(): Promise<void> {
    this.#network.weather = { loss: 0, doubling: 0, delayMsMax: 2 }
    Object.assign(this.#storeWeather, { answersLost: 0, callsLost: 0 })
    this.#hooks.isKind = true
    // Freezes and burials are over, and so are calls that were under way.
    for (let round = 0; round < SETTLING_ROUNDS && !this.#isOver; round++) {
      for (const name of this.#toStart.splice(0)) await this.#startProcess(name)
      for (const phone of this.#phones) this.#attend(phone)
      // To links that stay: whoever is not told of these is told of nothing.
      if (round >= SENDING_FROM && round < SENDING_TO) this.#send()
      await this.#clock.advance(300)
    }
    if (this.#isOver) return
    this.#recorder.add({ kind: 'settled' })
    for (let round = 0; round < 10; round++) {
      for (const phone of this.#phones) this.#attend(phone)
      for (const process of this.#processes) this.#lookAtDirectory(process)
      await this.#clock.advance(300)
    }
    await this.#recount()
    // What a receiver refused is tried again after a while.
    await this.#clock.advance(100_000)
  }

  #attend(phone: Phone): void {
    const process = this.#processes.find(({ isThere }) => isThere)
    if (process === undefined || phone.isBusy || phone.keepAliveSeconds === undefined) return
    // Of two devices of one endpoint one comes back no more: they would take it from each other for ever.
    const isTwin = phone === this.#phones.at(-1)
    if (phone.link === undefined && isTwin) return
    if (phone.link === undefined) this.#connect(phone, process)
    else {
      this.#acknowledge(phone, phone.link, phone.link.unacknowledged, process)
      if (this.#dice.chance(40)) this.#keepalive(phone, process)
    }
  }

  async #recount(): Promise<void> {
    const users = [
      ...new Set(
        this.#phones.map(({ endpoint: { organizationId, userId } }) => `${organizationId}/${userId}`),
      ),
    ]
    const addressees = users.map((user) => {
      const [organizationId = '', userId = ''] = user.split('/')
      return { organizationId, userId }
    })
    const totals = await this.#memory.totals()
    const sightings = await this.#memory.registrations.look(addressees, { depth: true, link: true })
    const linked = new Set(this.#phones.flatMap(({ name, link }) => (link === undefined ? [] : [name])))
    const nameOf = ({ registration }: (typeof sightings)[number]) =>
      `${registration.organizationId}/${registration.userId}/${registration.userEndpointId}`
    const orphans = sightings
      .filter((sighting) => sighting.link !== undefined && !linked.has(nameOf(sighting)))
      .map((sighting) => `the link of ${nameOf(sighting)}`)
    const connections = this.#processes.reduce((sum, { mqtt }) => sum + mqtt.linkCount(), 0)
    if (connections > this.#backends.size)
      orphans.push(`one of ${connections} connections of ${this.#backends.size} client ids`)
    this.#recorder.add({
      kind: 'recount',
      totals: { registrations: totals.registrations, mailboxEvents: totals.mailboxEvents },
      counted: {
        registrations: sightings.length,
        mailboxEvents: sightings.reduce((sum, { depth }) => sum + depth, 0),
      },
      orphans,
      depths: Object.fromEntries(sightings.map((sighting) => [nameOf(sighting), sighting.depth])),
    })
  }
}

type Made = {
  readonly send: Send
  readonly body: string
  readonly number: string
  readonly organizationId: string
}

function parse(body: string): SendEventCommand {
  return parseSendEvent(Buffer.from(body))
}

function toResult({ count, eventId, receipts }: SendResult) {
  return {
    ...{ count, eventId },
    ...(receipts === undefined ? {} : { acknowledged: receipts.acknowledged }),
    ...(receipts?.answeredBy === undefined ? {} : { answeredBy: receipts.answeredBy }),
  }
}

function tellEach(call: RecordedCall | undefined, answer: PromiseSettledResult<SendResult>): void {
  if (answer.status === 'fulfilled') {
    call?.ok(toResult(answer.value))
    return
  }
  const error: unknown = answer.reason
  if (!(error instanceof RollcallError)) throw error
  if (error.code === 'unavailable' && error.isUndecided) call?.unknown()
  else call?.refused(error.code)
}
