import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { systemClock } from '../../server/src/clock/clock.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import { type OpenEngine, openEngine } from '../../server/src/store/redis/redis.ts'
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts'
import { NO_REDIS, RedisServer } from '../helpers/redis-server.ts'
import { type Command, commands } from './store-commands.ts'
import { Twin } from './store-twin.ts'

const RUNS = 50
const COMMANDS_MAX = 200
const STEP_MS = 100

/** Time in steps, each with time for Redis to answer. */
function stepping(clock: FakeClock, idle: () => Promise<void>): FakeClock {
  return {
    ...clock,
    async advance(ms) {
      for (let left = ms; left > 0; left -= STEP_MS) {
        await clock.advance(Math.min(left, STEP_MS))
        await idle()
      }
    },
    async stall(ms) {
      await idle()
      await clock.stall(ms)
      await idle()
    },
  }
}

describe('the engine in Redis', { skip: NO_REDIS ?? false }, () => {
  let server: RedisServer
  let stores = 0
  before(async () => {
    server = await RedisServer.start()
  })
  after(() => server?.close())

  /** Gives the commands to Redis and the memory store, side by side on one clock. */
  async function run(list: readonly Command[]): Promise<number> {
    const clock = createFakeClock()
    const prefix = `model-${stores++}:`
    let engine: OpenEngine | undefined
    const openAgain = async () => {
      engine = await openEngine({
        address: { host: '127.0.0.1', port: server.port },
        // One, so that of many that are due the same are swept first.
        ...{ prefix, partitions: 1, holder: 'one', holdMs: 0, clock, wireClock: systemClock(), beatMs: 100 },
        timeMs: () => Math.floor(clock.monotonicMs()),
      })
      return engine.store
    }
    const store = await openAgain()
    const stepped = stepping(clock, async () => engine?.idle())
    const twin = new Twin(stepped, createMemoryStore({ clock }), store, openAgain)
    for (const command of list) await twin.run(command)
    await twin.close()
    return twin.effects
  }

  it('answers like the memory store, whatever is asked in whatever order, restarts included', async () => {
    let effects = 0
    const property = fc.asyncProperty(
      fc.array(commands(), { maxLength: COMMANDS_MAX, size: 'max' }),
      async (list) => {
        effects += await run(list)
      },
    )
    await fc.assert(property, { numRuns: RUNS, seed: 20_261_128, endOnFailure: true })
    assert(effects > 500, `the sequences did something: ${effects}`)
  })
})
