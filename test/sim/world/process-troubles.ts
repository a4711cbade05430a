import { boot } from './boot.ts'
import type { DeviceActs } from './device-acts.ts'
import type { Sends } from './sends.ts'
import type { Planted } from './service.ts'
import type { Stage } from './stage.ts'

type Around = {
  readonly stage: Stage
  readonly planted: Planted
  readonly acts: DeviceActs
  readonly sends: Sends
  /** The disk works again, at the latest with the next process. */
  readonly repairDisk: () => void
}

/** How a process ends, stands still, and is followed by another. */
export class ProcessTroubles {
  readonly #around: Around
  #cameBack: () => void = () => undefined

  constructor(around: Around) {
    this.#around = around
  }

  async boot(): Promise<void> {
    await boot(this.#around.stage, this.#around.planted)
    this.#cameBack()
  }

  async crash(): Promise<void> {
    const { stage } = this.#around
    const { dice, disk } = stage
    stage.tally.crashes++
    this.#goes('node_died')
    // Most of the time it dies in the middle of a write.
    if (dice.chance(70)) await this.#keepBusy(dice.roll(10))
    stage.service?.files.die()
    if (dice.chance(50)) disk.cutPower()
    stage.ledger.trouble(stage.upMs())
    await this.#comeBack()
  }

  /** Another process takes the folder while the one that had it stands still before a write, which it makes then. */
  async takeOver(): Promise<void> {
    const { stage } = this.#around
    const former = stage.service
    if (former === undefined || stage.disk.failing !== undefined) return
    stage.tally.takeOvers++
    this.#goes('node_died')
    const release = former.files.holdWrites()
    // What it answers late counts as well.
    stage.former = former
    for (let round = 0; round < 5; round++) await this.#keepBusy(40)
    stage.ledger.trouble(stage.upMs())
    await this.#comeBack()
    release()
    await stage.clock.advance(50)
    former.files.die()
    stage.former = undefined
    stage.history.lost(former)
  }

  async restart(): Promise<void> {
    const { stage } = this.#around
    const { service } = stage
    if (service === undefined || stage.disk.failing !== undefined) return this.crash()
    stage.service = undefined
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
      (error: unknown) => stage.fail(error),
    )
    while (!isClosed && stage.violation === undefined) await stage.clock.advance(5)
    await this.#comeBack()
  }

  /** Nothing runs for longer than any step of service time. */
  async standStill(): Promise<void> {
    const { stage } = this.#around
    stage.tally.stalls++
    const alive = stage.alive()
    const ended = stage.ledger.trouble(stage.upMs())
    const goesOn = stage.history.recorder.fault('node_froze')
    // What was due is carried out at its very end.
    stage.wentOnAtUpMs = Number.POSITIVE_INFINITY
    await stage.clock.stall(1500 + stage.dice.roll(30_000))
    goesOn()
    ended(stage.upMs())
    stage.wentOnAtUpMs = stage.upMs()
    stage.giveFullPeriod(alive)
  }

  /** The process is not what it should be until another has taken its place. */
  #goes(what: 'node_died' | 'node_stopped'): void {
    this.#cameBack()
    this.#cameBack = this.#around.stage.history.recorder.fault(what)
  }

  /** Everybody wants something. */
  async #keepBusy(ms: number): Promise<void> {
    const { stage, sends, acts } = this.#around
    for (let count = 0; count < 4; count++) {
      stage.step++
      sends.send(true)
    }
    acts.use(stage.dice.pick(stage.devices))
    await stage.clock.advance(ms)
  }

  async #comeBack(): Promise<void> {
    const { stage, repairDisk } = this.#around
    const dead = stage.service
    stage.service = undefined
    if (dead !== undefined && dead !== stage.former) stage.history.lost(dead)
    for (const device of stage.devices) {
      device.lose()
      device.isBusy = false
    }
    dead?.delivery.drain()
    await Promise.race([dead?.registrar.close(), dead?.webhooks.close(), Promise.resolve()])
    repairDisk()
    await this.#downFor(stage.dice.roll(60_000))
    await this.boot()
  }

  async #downFor(ms: number): Promise<void> {
    const { stage } = this.#around
    const beforeMs = stage.clock.monotonicMs()
    await stage.clock.advance(ms)
    stage.wasDownFor(stage.clock.monotonicMs() - beforeMs)
  }
}
