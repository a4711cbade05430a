import { setTimeout as sleep } from 'node:timers/promises'
import type { Crowd } from '../helpers/crowd.ts'
import { nodeName } from '../helpers/nodes.ts'
import type { FaultName } from '../history/lines.ts'
import type { Recorder } from '../history/recorder.ts'
import type { Dice } from '../sim/dice.ts'
import type { LinkWatch } from './link-watch.ts'
import type { Service } from './service.ts'

/** Something that goes wrong, how often beside the others, and is over when it resolves. */
export type Trouble = { readonly weight: number; readonly go: () => Promise<void> }

const READY_WITHIN_MS = 90_000

/** What troubles have to do with. */
export class Scene {
  readonly service: Service
  readonly recorder: Recorder
  readonly dice: Dice
  /** What was done, for people. */
  readonly done = new Map<string, number>()
  readonly links: LinkWatch
  /** What is wrong, of which nobody's history has a line. */
  readonly complaints: string[] = []
  /** Told of each as it begins. */
  onNote: (what: string) => void = () => undefined
  /** When a node was last killed, frozen or cut off. */
  lastMs = Number.NEGATIVE_INFINITY

  constructor(service: Service, { recorder, dice }: Pick<Crowd, 'recorder' | 'dice'>, links: LinkWatch) {
    this.links = links
    this.service = service
    this.recorder = recorder
    this.dice = dice
  }

  note(what: string): void {
    this.onNote(what)
    this.done.set(what, (this.done.get(what) ?? 0) + 1)
  }

  /** What keeps everything is in trouble, until all of it works again and all nodes know. */
  async ofStore(what: string, fault: FaultName, go: () => Promise<void>): Promise<void> {
    this.note(what)
    const back = this.recorder.fault(fault)
    await go()
    back()
  }

  async allReady(): Promise<void> {
    await Promise.all(this.service.nodes.all.map((_, index) => this.ready(index)))
  }

  /** Its process may be another meanwhile. */
  async ready(index: number): Promise<void> {
    const { nodes } = this.service
    const untilMs = performance.now() + READY_WITHIN_MS
    for (;;) {
      const signal = AbortSignal.timeout(2_000)
      const answer = await fetch(`${nodes.at(index).url}/health/ready`, { signal }).catch(() => undefined)
      await answer?.text().catch(() => undefined)
      if (answer?.status === 200) return
      if (nodes.isClosed) throw new Error('The run is over.')
      if (performance.now() > untilMs)
        throw new Error(`node ${nodeName(index)} is not ready:\n${nodes.at(index).output().slice(-20_000)}`)
      await sleep(50)
    }
  }
}
