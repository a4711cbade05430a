import assert from 'node:assert/strict'
import type { MemoryStore } from '../../server/src/store/memory/memory.ts'
import type { Store, StoreTotals } from '../../server/src/store/store.ts'
import type { FakeClock } from '../helpers/fake-clock.ts'
import { apply } from './store-apply.ts'
import type { Command } from './store-commands.ts'
import { Side } from './store-side.ts'

/** As long as any engine leaves an entry in flight alone. */
const SPARED_FOR_MS = 5000
/** How often engines look whether time passes. */
const TICK_MS = 100

/** Two stores that are asked the same, and whose answers must be the same. */
export class Twin {
  readonly #clock: FakeClock
  readonly #oracle: Side
  readonly #memory: MemoryStore
  readonly #tried: Side
  readonly #openAgain: (tried: Side) => Promise<Store>
  /** When both looked whether time passes, as after a standstill. */
  #tickedAtMs = 0
  /** Answers that were not just "nothing there". */
  effects = 0

  constructor(
    clock: FakeClock,
    oracle: MemoryStore,
    tried: Store,
    openAgain: (tried: Side) => Promise<Store>,
  ) {
    this.#clock = clock
    this.#oracle = new Side(oracle)
    this.#memory = oracle
    this.#tried = new Side(tried)
    this.#openAgain = openAgain
  }

  async run(command: Command): Promise<void> {
    if (command.do === 'advance') return this.#clock.advance(command.ms)
    if (command.do === 'stall') return this.#stall(command.ms)
    if (command.do === 'restart') return this.#restart()
    const wallMs = this.#clock.wallMs()
    const [expected, actual] = await Promise.all(
      [this.#oracle, this.#tried].map((side) => apply(command, side, wallMs)),
    )
    assert.deepEqual(actual, expected, JSON.stringify(command))
    for (const organizationId of [undefined, 'acme', '__proto__'])
      assert.deepEqual(
        await this.#tried.store.totals(organizationId),
        await this.#oracle.store.totals(organizationId),
        JSON.stringify(command),
      )
    if (!isNothing(expected)) this.effects++
  }

  /** Closes both, and gives the totals that they agreed on. */
  async close(): Promise<StoreTotals> {
    const totals = await this.#oracle.store.totals()
    await this.#tried.store.close()
    await this.#oracle.store.close()
    return totals
  }

  /** Longer than from one look to the next. */
  async #stall(ms: number): Promise<void> {
    await this.#clock.stall(ms)
    this.#tickedAtMs = this.#clock.monotonicMs()
  }

  /**
   * The oracle cannot restart: it lifts deadlines. Nothing is in flight after a restart: what was spared for being so has had
   * its time before.
   */
  async #restart(): Promise<void> {
    // At a whole tick of both, so that what they heard by then is the same from then on.
    await this.#clock.advance(
      SPARED_FOR_MS + TICK_MS - ((this.#clock.monotonicMs() - this.#tickedAtMs) % TICK_MS),
    )
    const { serviceTime } = this.#tried.store
    await this.#tried.store.close()
    this.#tried.store = await this.#openAgain(this.#tried)
    // One that was moved counts its time from elsewhere.
    const unheardMs = serviceTime.nowMs() - serviceTime.heardMs()
    this.#memory.restarted(this.#memory.serviceTime.nowMs() - unheardMs)
  }
}

function isNothing(answer: unknown): boolean {
  return answer === undefined || (Array.isArray(answer) && answer.length === 0)
}
