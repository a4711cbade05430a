import type { Nodes } from '../helpers/nodes.ts'
import type { Recorder } from '../history/recorder.ts'
import type { Dice } from '../sim/dice.ts'

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** How long a node is silent before the others bury it, milliseconds. */
const BURIED_AFTER_MS = 10_000
const READY_WITHIN_MS = 30_000

/** What goes wrong with the processes of a service, and how it is written down. */
export class Troubles {
  readonly #nodes: Nodes
  readonly #recorder: Recorder
  readonly #dice: Dice
  /** When a node was killed or frozen last. */
  lastMs = Number.NEGATIVE_INFINITY
  /** What was done, for people. */
  readonly done = new Map<string, number>()

  constructor(nodes: Nodes, recorder: Recorder, dice: Dice) {
    this.#nodes = nodes
    this.#recorder = recorder
    this.#dice = dice
  }

  /** One of all, drawn. */
  async any(): Promise<void> {
    const index = this.#dice.roll(this.#nodes.all.length)
    const roll = this.#dice.roll(100)
    if (roll < 25) return this.kill(index, this.#dice.roll(3_000))
    if (roll < 30) return this.kill(index, BURIED_AFTER_MS + 2_000)
    if (roll < 50) return this.freeze(index, 100 + this.#dice.roll(5_000))
    if (roll < 58) return this.freeze(index, BURIED_AFTER_MS + this.#dice.roll(5_000))
    if (roll < 75) return this.drain(index)
    if (roll < 88) return this.hangRedis(200 + this.#dice.roll(4_000))
    return this.restartRedis(this.#dice.roll(2_000))
  }

  /** The process dies, and is started again later. */
  async kill(index: number, downMs: number): Promise<void> {
    this.#note('killed')
    const back = this.#recorder.fault('node_died', nameOf(index))
    await this.#nodes.at(index).kill()
    await sleep(downMs)
    await this.#nodes.startOne(index)
    this.lastMs = performance.now()
    back()
  }

  /** It stands still, and closes nothing. */
  async freeze(index: number, ms: number): Promise<void> {
    this.#note(ms > BURIED_AFTER_MS ? 'frozen until it was buried' : 'frozen')
    const back = this.#recorder.fault('node_froze', nameOf(index))
    await this.#nodes.at(index).stall(ms)
    await this.#ready(index)
    this.lastMs = performance.now()
    back()
  }

  /** It is asked to stop, and started again, as in a rolling restart. */
  async drain(index: number): Promise<void> {
    this.#note('drained')
    const back = this.#recorder.fault('node_stopped', nameOf(index))
    const code = await this.#nodes.at(index).terminate()
    if (code !== 0)
      throw new Error(`node ${nameOf(index)} ended with ${code}:\n${this.#nodes.at(index).output()}`)
    await this.#nodes.startOne(index)
    back()
  }

  async hangRedis(ms: number): Promise<void> {
    this.#note('Redis hung')
    const back = this.#recorder.fault('store_stalled')
    this.#nodes.redis.freeze()
    await sleep(ms)
    this.#nodes.redis.thaw()
    await this.#allReady()
    back()
  }

  /** It dies, and comes back with all that it has written down. */
  async restartRedis(downMs: number): Promise<void> {
    this.#note('Redis restarted')
    const back = this.#recorder.fault('store_failed')
    await this.#nodes.redis.kill()
    await sleep(downMs)
    await this.#nodes.redis.start()
    await this.#allReady()
    back()
  }

  async #allReady(): Promise<void> {
    await Promise.all(this.#nodes.all.map((_, index) => this.#ready(index)))
  }

  async #ready(index: number): Promise<void> {
    const untilMs = performance.now() + READY_WITHIN_MS
    const { url } = this.#nodes.at(index)
    for (;;) {
      const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) }).catch(
        () => undefined,
      )
      if (answer?.status === 200) return
      if (performance.now() > untilMs)
        throw new Error(`node ${nameOf(index)} is not ready:\n${this.#nodes.at(index).output()}`)
      await sleep(50)
    }
  }

  #note(what: string): void {
    this.done.set(what, (this.done.get(what) ?? 0) + 1)
  }
}

function nameOf(index: number): string {
  return String.fromCharCode(97 + index)
}
