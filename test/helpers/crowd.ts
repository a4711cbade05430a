import assert from 'node:assert/strict'
import { Checker } from '../history/checker.ts'
import type { Opening } from '../history/lines.ts'
import { Recorder } from '../history/recorder.ts'
import { createDice, type Dice } from '../sim/dice.ts'
import type { RecordedDevice } from './recorded-device.ts'
import type { RecordedSender, Wanted } from './recorded-sender.ts'
import { eventually } from './run-server.ts'

/** How long nobody has to come back before all are there, milliseconds. */
const QUIET_MS = 2500

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export type CrowdOptions = {
  readonly seed: number
  /** For people. */
  readonly source: string
  readonly opening?: Pick<Opening, 'nodes' | 'webhooks' | 'settings'>
  /** Told of each line besides. */
  readonly onLine?: (line: Parameters<Checker['take']>[0]) => void
}

/** Devices and backends of one organization, on a service that is killed under them: what they see is judged. */
export class Crowd {
  readonly checker = new Checker()
  readonly recorder: Recorder
  readonly devices: RecordedDevice[] = []
  readonly dice: Dice
  #events = 0
  #isOver = false
  #isDeaf = false
  #running: Promise<void>[] = []

  constructor({ seed, source, opening = {}, onLine = () => undefined }: CrowdOptions) {
    this.dice = createDice(seed)
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
      await sleep(200 + this.dice.roll(400))
    }
  }

  async #send(sender: RecordedSender): Promise<void> {
    while (!this.#isOver) {
      const wanted = this.#want()
      const roll = this.dice.roll(10)
      if (roll < 5) await sender.post(wanted)
      else if (roll < 7) await sender.bulk([wanted, ...Array.from({ length: 8 }, () => this.#want())])
      else await sender.publish(wanted)
      await sleep(this.dice.roll(30))
    }
  }

  #want(): Wanted {
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
    for (let quietMs = 0; quietMs < QUIET_MS; ) {
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

  /** Whether everybody was there. */
  async #comeBack(): Promise<boolean> {
    let areThere = true
    for (const device of this.devices) {
      if (device.isRegistered && device.isConnected) continue
      areThere = false
      if (!device.isRegistered) await device.register()
      if (!device.isConnected) await device.connect()
    }
    return areThere
  }
}
