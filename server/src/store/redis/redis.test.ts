import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { createFakeClock, type FakeClock } from '../../../../test/helpers/fake-clock.ts'
import { NO_REDIS, RedisServer } from '../../../../test/helpers/redis-server.ts'
import { systemClock } from '../../clock/clock.ts'
import { testFeedBounds } from '../contract/feed-bounds.ts'
import { CONTRACT_BOUNDS, type StoreUnderTest, testStoreContract } from '../contract.ts'
import type { OnTiding, Store } from '../store.ts'
import { type NodeOptions, type OpenEngine, type OpenEngineOptions, openEngine } from './assembly.ts'

/** Few, so that a day of the fake clock passes in no time, and enough that users are in several. */
const PARTITIONS = 2
/** How time is moved on. Less than a second at once, past which it would stand still. */
const STEP_MS = 100
const LONG_MS = 2_000
const LONG_STEP_MS = 800

let server: RedisServer | undefined
let stores = 0

/**
 * The engine on a real Redis under a clock that is moved by hand, which is Redis's own time as well. All stores of the suite
 * are in one Redis, each under names of its own. A crash cuts the connection; what Redis has stays.
 */
class EngineUnderTest implements StoreUnderTest {
  readonly #clock: FakeClock = createFakeClock()
  readonly #prefix = `test-${stores++}:`
  readonly ended: [string, number][] = []
  readonly #bounds: Partial<OpenEngineOptions>
  #id = ''
  #engine: OpenEngine | undefined
  readonly #others: OpenEngine[] = []
  readonly #faults: string[] = []

  constructor(bounds: Partial<OpenEngineOptions> = CONTRACT_BOUNDS) {
    this.#bounds = bounds
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
      address: { host: '127.0.0.1', port: server?.port ?? 0 },
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

if (NO_REDIS === undefined) {
  before(async () => {
    server = await RedisServer.start()
  })
  after(() => server?.close())
}

const here = NO_REDIS === undefined ? {} : { skip: NO_REDIS }
testStoreContract('Redis', () => new EngineUnderTest().open(), here)
testFeedBounds('Redis', (feedBounds) => new EngineUnderTest({ feedBounds }).open(), here)
