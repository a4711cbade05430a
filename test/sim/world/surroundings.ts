import type { Life } from '../device.ts'
import type { Stage } from './stage.ts'

const MONTH_MS = 31 * 86_400_000

/** What a process stands on, and what becomes of that: a disk that refuses or stalls, a wall clock that jumps. */
export class Surroundings {
  readonly #stage: Stage
  #outageEnded: (upMs: number) => void = () => undefined
  #repaired: () => void = () => undefined

  constructor(stage: Stage) {
    this.#stage = stage
  }

  breakDisk(): void {
    const stage = this.#stage
    const { disk, dice } = stage
    if (disk.failing !== undefined) return
    stage.tally.failures++
    disk.failing = dice.chance(50) ? 'EIO' : 'ENOSPC'
    this.#outageEnded = stage.ledger.trouble(stage.upMs())
    this.#repaired = stage.history.recorder.fault('store_failed')
    const { service } = stage
    // Only a failure that was noticed is one.
    let alive: readonly Life[] = []
    stage.onRefused = () => {
      alive = stage.alive()
      stage.onRefused = () => undefined
    }
    const lastsMs = dice.chance(20) ? 24_000 : dice.roll(3000)
    stage.clock.after(lastsMs, () => {
      stage.onRefused = () => undefined
      if (service === stage.service) stage.giveFullPeriod(alive)
      disk.failing = undefined
      this.#repaired()
      stage.diskRepairedAtUpMs = stage.upMs()
      this.#outageEnded(stage.upMs())
    })
  }

  /** At the latest for the next process. */
  repairDisk(): void {
    const { disk } = this.#stage
    if (disk.failing !== undefined) this.#outageEnded(this.#stage.upMs())
    this.#repaired()
    disk.failing = undefined
  }

  /** Nothing that is written ends for a while, and then all of it does. */
  stallDisk(): void {
    const stage = this.#stage
    if (stage.disk.failing !== undefined || stage.isDiskStalled) return
    stage.tally.diskStalls++
    stage.isDiskStalled = true
    stage.disk.stall()
    const ended = stage.ledger.trouble(stage.upMs())
    const goesOn = stage.history.recorder.fault('store_stalled')
    stage.clock.after(stage.dice.roll(4_000), () => {
      goesOn()
      stage.disk.goOn()
      stage.isDiskStalled = false
      stage.diskRepairedAtUpMs = stage.upMs()
      ended(stage.upMs())
    })
  }

  jumpWall(): void {
    const stage = this.#stage
    stage.tally.jumps++
    if (stage.dice.chance(50)) {
      this.#jumpWallBy(stage.dice.roll(7_200_000) - 3_600_000)
      return
    }
    this.#jumpWallBy(MONTH_MS)
    stage.aheads++
    stage.clock.after(stage.dice.roll(70_000), () => {
      this.#jumpWallBy(-MONTH_MS)
      stage.aheads--
    })
  }

  #jumpWallBy(ms: number): void {
    this.#stage.clock.jumpWall(ms)
    this.#stage.history.recorder.fault('clock_jumped')()
  }
}
