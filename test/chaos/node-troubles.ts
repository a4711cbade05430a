import { setTimeout as sleep } from 'node:timers/promises'
import { nodeName } from '../helpers/nodes.ts'
import type { Scene, Trouble } from './scene.ts'

/** How long a node is silent before the others bury it, milliseconds. */
const BURIED_AFTER_MS = 10_000
const STARTS_MAX = 5

/** What goes wrong with the processes of a service, and how it is written down. */
export class NodeTroubles {
  readonly #scene: Scene
  readonly all: readonly Trouble[]

  constructor(scene: Scene) {
    this.#scene = scene
    const { dice } = scene
    const any = () => dice.roll(scene.service.nodes.all.length)
    this.all = [
      { weight: 25, go: () => this.kill(any(), dice.roll(3_000)) },
      { weight: 6, go: () => this.kill(any(), BURIED_AFTER_MS + 2_000) },
      { weight: 20, go: () => this.freeze(any(), 100 + dice.roll(5_000)) },
      { weight: 8, go: () => this.freeze(any(), BURIED_AFTER_MS + dice.roll(5_000)) },
      { weight: 20, go: () => this.drain(any()) },
      { weight: 5, go: () => this.roll() },
    ]
  }

  /** The process dies, and is started again later. */
  async kill(index: number, downMs: number): Promise<void> {
    const { recorder, service } = this.#scene
    this.#scene.note(downMs > BURIED_AFTER_MS ? 'node killed until it was buried' : 'node killed')
    const back = recorder.fault('node_died', nodeName(index))
    await service.nodes.at(index).kill()
    await sleep(downMs)
    await this.#startAgain(index)
    await this.#back(index, back)
  }

  /** It stands still, and closes nothing. */
  async freeze(index: number, ms: number): Promise<void> {
    const { recorder, service } = this.#scene
    this.#scene.note(ms > BURIED_AFTER_MS ? 'node frozen until it was buried' : 'node frozen')
    const back = recorder.fault('node_froze', nodeName(index))
    await service.nodes.at(index).stall(ms)
    await this.#back(index, back)
  }

  /** As whoever supervises a process does: again, where it could not start because what keeps everything was away. */
  async #startAgain(index: number): Promise<void> {
    const { nodes } = this.#scene.service
    for (let tries = 1; ; tries++)
      try {
        await nodes.startOne(index)
        return
      } catch (error) {
        if (tries === STARTS_MAX) throw error
        this.#scene.note('node did not start in half a minute')
      }
  }

  async #back(index: number, over: () => void): Promise<void> {
    await this.#scene.ready(index)
    this.#scene.lastMs = performance.now()
    over()
  }

  /** It is asked to stop, and started again. */
  async drain(index: number): Promise<void> {
    const { recorder, service } = this.#scene
    this.#scene.note('node drained')
    const back = recorder.fault('node_stopped', nodeName(index))
    const node = service.nodes.at(index)
    const sinceMs = performance.now()
    const asleep = this.#scene.links.stayAwake()
    const code = await node.terminate().finally(asleep)
    const isOnTime = code === 0 || !node.output().includes('not everything was closed in time')
    const stampede = isOnTime ? this.#scene.links.stampedeOf(nodeName(index), sinceMs) : undefined
    if (stampede !== undefined) this.#scene.complaints.push(stampede)
    // It waits for nobody who does not answer, and on a slow machine for nobody at all: what it has answered is durable.
    if (!isOnTime) this.#scene.note('node drained, not all of it in time')
    else if (code !== 0) throw new Error(`node ${nodeName(index)} ended with ${code}:\n${node.output()}`)
    await this.#startAgain(index)
    await this.#scene.ready(index)
    back()
  }

  /** All of them, one after the other, as where there is another version. */
  async roll(): Promise<void> {
    this.#scene.note('all rolled')
    for (const [index] of this.#scene.service.nodes.all.entries()) await this.drain(index)
  }
}
