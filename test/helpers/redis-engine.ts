import assert from 'node:assert/strict'
import { systemClock } from '../../server/src/clock/clock.ts'
import { type OpenEngine, openEngine } from '../../server/src/store/redis/redis.ts'
import type { OnTiding, Store } from '../../server/src/store/store.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'

type OpenEngineOptions = Parameters<typeof openEngine>[0]
type NodeOptions = Pick<OpenEngineOptions, 'self' | 'onTiding'>

/** Few, so that a day of the fake clock passes in no time, and enough that users are in several. */
const PARTITIONS = 2

/** How time is moved on. Less than a second at once, past which it would stand still. */
const STEP_MS = 100
const LONG_MS = 2_000
const LONG_STEP_MS = 800

/** Where a store is, and what else depends on that. */
export type Below = Pick<OpenEngineOptions, 'address' | 'replicas'>

let stores = 0

/**
 * The engine on a real Redis under a clock that is moved by hand, which is Redis's own time as well. All stores of the suite
 * are in one Redis, each under names of its own. A crash cuts the connection; what Redis has stays.
 */
export class EngineUnderTest {
  readonly #clock: FakeClock = createFakeClock()
  readonly #prefix = `test-${stores++}:`
  readonly ended: [string, number][] = []
  readonly #bounds: Below & Partial<OpenEngineOptions>
  #id = ''
  #engine: OpenEngine | undefined
  readonly #others: OpenEngine[] = []
  readonly #faults: string[] = []

  constructor(below: Below, bounds: Partial<OpenEngineOptions>) {
    this.#bounds = { ...below, ...bounds }
  }

  get store(): Store {
    assert(this.#engine !== undefined)
    return this.#engine.store
  }

  wallMs = () => this.#clock.wallMs()
  jumpWall = (ms: number) => this.#clock.jumpWall(ms)

  async stall(ms: number): Promise<void> {
    await this.#engine?.idle()
    await this.#clock.stall(ms)
    await this.#engine?.idle()
  }

  async open(): Promise<this> {
    this.#id = `process ${stores++}`
    this.#engine = await this.#openEngine({ self: () => this.#id })
    return this
  }

  async openFor(node: string, onTiding: OnTiding): Promise<Store> {
    const engine = await this.#openEngine({ self: () => node, onTiding })
    this.#others.push(engine)
    return engine.store
  }

  #openEngine(node: NodeOptions): Promise<OpenEngine> {
    return openEngine({
      ...this.#bounds,
      prefix: this.#prefix,
      partitions: PARTITIONS,
      id: this.#id,
      ...node,
      clock: this.#clock,
      wireClock: systemClock(),
      timeMs: () => Math.floor(this.#clock.monotonicMs()),
      beatMs: 100,
      onMailboxEnded: (...what) => void this.ended.push(what),
      log: {
        info: () => {},
        warn: () => {},
        error: (line, { err }) => void this.#faults.push(`${line}: ${err}`),
      },
    })
  }

  /** In steps, each with time for Redis to answer: long ones while there is much left, and short ones at the end. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; ) {
      const step = Math.min(left, left > LONG_MS ? LONG_STEP_MS : STEP_MS)
      await this.#clock.advance(step)
      await this.#engine?.idle()
      left -= step
    }
  }

  async reopen(downMs: number): Promise<void> {
    await this.store.close()
    await this.#succeed(downMs)
  }

  async crash(downMs: number): Promise<void> {
    this.#engine?.kill()
    await this.#succeed(downMs)
  }

  /** Whoever comes buries whoever was there before, as its membership does. */
  async #succeed(downMs: number): Promise<void> {
    const former = this.#id
    await this.#clock.advance(downMs)
    await this.open()
    await this.store.neighbours?.bury(former)
  }

  async close(): Promise<void> {
    for (const { store } of [this, ...this.#others]) await store.close()
    assert.deepEqual(this.#faults, [])
  }
}
