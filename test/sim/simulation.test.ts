import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { emptyTally, World } from './world.ts'

/** `SIM_SEED=7 SIM_STEPS=600 npm test -- simulation` replays one run; `SIM_RUNS` makes more of them. */
const STEPS = Number(process.env['SIM_STEPS'] ?? 600)
const RUNS = Number(process.env['SIM_RUNS'] ?? 40)
const SEED = process.env['SIM_SEED']

async function simulate(seed: number): Promise<World['tally']> {
  const world = new World(seed)
  try {
    await world.run(STEPS)
  } catch (error) {
    const replay = `SIM_SEED=${seed} SIM_STEPS=${STEPS} npm test -- simulation`
    throw new Error(`${error instanceof Error ? error.message : error} (replay: ${replay})`, { cause: error })
  }
  return world.tally
}

describe('a simulated service', () => {
  it('keeps its promises whatever fails', async () => {
    const seeds = SEED === undefined ? Array.from({ length: RUNS }, (_, run) => run + 1) : [Number(SEED)]
    const total = emptyTally()
    for (const seed of seeds) {
      const tally = await simulate(seed)
      for (const [name, count] of Object.entries(tally))
        Reflect.set(total, name, Reflect.get(total, name) + count)
    }
    // A simulation in which nothing happens proves nothing.
    if (SEED === undefined)
      for (const [name, count] of Object.entries(total)) assert.ok(count >= RUNS / 4, `only ${count} ${name}`)
  })

  it('does the same again for the same seed', async () => {
    assert.deepEqual(await simulate(4711), await simulate(4711))
  })
})
