import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { Checker } from '../history/checker.ts'
import type { Opening } from '../history/lines.ts'
import { Recorder } from '../history/recorder.ts'
import { createDice, type Dice } from '../sim/dice.ts'
import type { RecordedDevice } from './recorded-device.ts'
import type { RecordedSender, Wanted } from './recorded-sender.ts'
import { eventually } from './run-server.ts'

/** How long nobody has to come back before all are there, milliseconds. */
const QUIET_MS = 2500
/** How long it may take until all are there, milliseconds. */
const SETTLED_WITHIN_MS = 90_000
const RETRIES_MAX = 4
const SENT_KEPT = 200

export type CrowdOptions = {
  readonly seed: number
  /** For people. */
  readonly source: string
  readonly opening?: Pick<Opening, 'nodes' | 'webhooks' | 'settings'>
  /** Told of each line besides. */
  readonly onLine?: ((line: Parameters<Checker['take']>[0]) => void) | undefined
  /** How long a device rests between what it does, and a backend, milliseconds on average. Default: 400 and 15. */
  readonly deviceRestMs?: number
  readonly senderRestMs?: number
  /** Calls that ring until somebody takes them, and idempotent retries. Default: none. */
  readonly hasRaces?: boolean
}

/** Devices and backends of one organization, on a service that is killed under them: what they see is judged. */
export class Crowd {
  readonly checker = new Checker()
  readonly recorder: Recorder
  readonly devices: RecordedDevice[] = []
  readonly dice: Dice
  readonly #deviceRestMs: number
  readonly #senderRestMs: number
  readonly #hasRaces: boolean
  #events = 0
  #sent: readonly string[] = []
  #isOver = false
  #isDeaf = false
  #running: Promise<void>[] = []

  constructor({ seed, source, opening = {}, onLine = () => undefined, ...rest }: CrowdOptions) {
    this.dice = createDice(seed)
    this.#deviceRestMs = rest.deviceRestMs ?? 400
    this.#senderRestMs = rest.senderRestMs ?? 15
    this.#hasRaces = rest.hasRaces ?? false
    const write: Checker['take'] = (line) => {
      onLine(line)
      this.checker.take(line)
    }
    this.recorder = new Recorder(write, () => performance.now(), {
      source: `${source}, seed ${seed}`,
      ...opening,
    })
  }

  /** Some events take a while, so that links end between an event and its PUBACK. */
  readonly slowMs = () => (this.#isDeaf ? Number.POSITIVE_INFINITY : this.dice.chance(10) ? 150 : 0)

  /** Keeps itself registered and connected, as a good client does, on a bad network. */
  async #live(device: RecordedDevice): Promise<void> {
    while (!this.#isOver) {
      if (!device.isRegistered) await device.register()
      else if (!device.isConnected) await device.connect()
      else if (this.dice.chance(8)) device.drop()
      else if (this.dice.chance(3)) await device.unregister()
      else await device.keepalive()
      await sleep(this.#deviceRestMs / 2 + this.dice.roll(this.#deviceRestMs))
    }
  }

  async #send(sender: RecordedSender): Promise<void> {
    while (!this.#isOver) {
      const wanted = this.#want()
      const roll = this.dice.roll(10)
      if (roll < 5) await this.#post(sender, wanted)
      else if (roll < 7) await sender.bulk([wanted, ...Array.from({ length: 8 }, () => this.#want())])
      else await sender.publish(wanted)
      await sleep(this.dice.roll(2 * this.#senderRestMs))
    }
  }

  /** Whoever gave it a key of its own asks again until it is answered, and now and then once more. */
  async #post(sender: RecordedSender, wanted: Wanted): Promise<void> {
    if (!this.#hasRaces || wanted.key !== undefined || this.dice.chance(70)) {
      await sender.post(wanted)
      return
    }
    const own = { ...wanted, key: `of-${wanted.eventId}` }
    for (let tries = 0; tries < RETRIES_MAX; tries++) {
      if ((await sender.post(own)) && this.dice.chance(70)) return
      await sleep(this.#senderRestMs)
    }
  }

  /** The last few that were to be sent. */
  get lastSent(): readonly string[] {
    return this.#sent
  }

  #want(): Wanted {
    const wanted = this.#draw()
    this.#sent = [...this.#sent.slice(1 - SENT_KEPT), wanted.eventId]
    return wanted
  }

  #draw(): Wanted {
    return this.#hasRaces && this.dice.chance(15) ? this.#wantRace() : this.#wantEvent()
  }

  /** All devices of somebody ring, and fall silent once one has it. */
  #wantRace(): Wanted {
    const [, userId = ''] = this.dice.pick(this.devices).name.split('/')
    const eventId = `call-${++this.#events}`
    return {
      ...{ eventId, userId, qos: 1, cancelOn: this.dice.chance(70) ? 'answered' : 'acknowledged' },
      ...(this.dice.chance(20) ? { waitSeconds: 1 } : {}),
    }
  }

  #wantEvent(): Wanted {
    const device = this.dice.pick(this.devices)
    const [, userId = '', userEndpointId = ''] = device.name.split('/')
    const eventId = `event-${++this.#events}`
    return {
      ...{ eventId, userId, qos: this.dice.chance(80) ? 1 : 0 },
      ...(this.dice.chance(50) ? { userEndpointId } : {}),
      ...(this.dice.chance(20) ? { key: `key-${this.dice.roll(20)}` } : {}),
      ...(this.dice.chance(10) ? { ttlSeconds: 1 + this.dice.roll(3) } : {}),
      ...(this.dice.chance(10) ? { collapseKey: `collapse-${this.dice.roll(3)}` } : {}),
    }
  }

  begin(senders: readonly RecordedSender[]): void {
    this.#running = [
      ...this.devices.map((device) => this.#live(device)),
      ...senders.map((sender) => this.#send(sender)),
    ]
  }

  /** What is not acknowledged comes again: that, at least, is for certain in each run. */
  async hearTwice(sender: RecordedSender): Promise<void> {
    const [device] = this.devices
    assert(device !== undefined)
    await device.register()
    await device.connect()
    this.#isDeaf = true
    const [, userId = '', userEndpointId = ''] = device.name.split('/')
    await sender.post({ eventId: 'twice', userId, userEndpointId, qos: 1 })
    await eventually(() => device.lastMs > 0, 'the event')
    device.drop()
    await eventually(() => !device.isConnected, 'the end of the link')
    this.#isDeaf = false
    const firstMs = device.lastMs
    await device.connect()
    await eventually(() => device.lastMs > firstMs, 'the event again')
  }

  /** Nobody sends any more; everybody comes back and takes what waits. */
  async settle(): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#running)
    const untilMs = performance.now() + SETTLED_WITHIN_MS
    for (let quietMs = 0; quietMs < QUIET_MS; ) {
      if (performance.now() > untilMs)
        throw new Error(`They do not come to rest: ${this.#away().map(({ name }) => name)}`)
      const areThere = await this.#comeBack()
      await sleep(500)
      quietMs = areThere ? quietMs + 500 : 0
    }
    await eventually(
      () => performance.now() - Math.max(...this.devices.map(({ lastMs }) => lastMs)) > 1000,
      'nothing comes any more',
    )
    assert.ok(this.devices.every(({ isRegistered, isConnected }) => isRegistered && isConnected))
    this.recorder.add({ kind: 'settled' })
  }

  /** Nobody does anything any more, whatever became of them. */
  stop(): void {
    this.#isOver = true
  }

  #away(): readonly RecordedDevice[] {
    return this.devices.filter(({ isRegistered, isConnected }) => !isRegistered || !isConnected)
  }

  /** All at once, or on a slow machine the first would be gone again before the last came. @returns whether everybody was there */
  async #comeBack(): Promise<boolean> {
    const away = this.#away()
    await Promise.all(
      away.map(async (device) => {
        if (!device.isRegistered) await device.register()
        if (device.isRegistered && !device.isConnected) await device.connect()
      }),
    )
    return away.length === 0
  }
}
