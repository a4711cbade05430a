import type { SeeFiles } from './disk.ts'
import { NO_HISTORY, type WriteLine } from './sim-history.ts'
import { DeviceActs } from './world/device-acts.ts'
import { ProcessTroubles } from './world/process-troubles.ts'
import { Sends } from './world/sends.ts'
import type { Plant } from './world/service.ts'
import { settleUp } from './world/settle-up.ts'
import { Stage } from './world/stage.ts'
import { Surroundings } from './world/surroundings.ts'
import type { Tally } from './world/tally.ts'

/**
 * Devices with bad networks, backends that send, a disk that fails and a process that dies between any two
 * steps, all driven by one seed on a clock that is only moved from here.
 */
export class World {
  readonly #stage: Stage
  readonly #acts: DeviceActs
  readonly #sends: Sends
  readonly #surroundings: Surroundings
  readonly #troubles: ProcessTroubles

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
    const stage = new Stage(seed, write)
    const [acts, sends, surroundings] = [new DeviceActs(stage), new Sends(stage), new Surroundings(stage)]
    const repairDisk = (): void => surroundings.repairDisk()
    this.#stage = stage
    this.#acts = acts
    this.#sends = sends
    this.#surroundings = surroundings
    this.#troubles = new ProcessTroubles({ stage, planted: { plant, seeFiles }, acts, sends, repairDisk })
  }

  get tally(): Tally {
    return this.#stage.tally
  }

  /** Runs `steps` steps and settles up. @throws Violation */
  async run(steps: number): Promise<void> {
    const stage = this.#stage
    const { dice } = stage
    await this.#troubles.boot()
    while (stage.step < steps) {
      stage.step++
      await this.#act()
      if (dice.chance(30)) stage.signIns.act()
      await stage.clock.advance(dice.chance(10) ? dice.roll(4000) : dice.roll(150))
      if (stage.violation !== undefined) throw stage.violation
    }
    await settleUp(stage, this.#acts)
    await this.#troubles.restart()
    if (stage.violation !== undefined) throw stage.violation
  }

  async #act(): Promise<void> {
    const { dice, devices } = this.#stage
    const roll = dice.roll(1000)
    if (roll < 4) await this.#troubles.crash()
    else if (roll < 8) await this.#troubles.restart()
    else if (roll < 12) this.#surroundings.breakDisk()
    else if (roll < 16) this.#surroundings.jumpWall()
    else if (roll < 20) await this.#troubles.standStill()
    else if (roll < 23) await this.#troubles.takeOver()
    else if (roll < 26) this.#surroundings.stallDisk()
    else if (roll < 520) this.#sends.send()
    else this.#acts.use(dice.pick(devices))
  }
}
