import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { beforehand } from '../helpers/beforehand.ts'
import { Checker } from '../history/checker.ts'
import { violationText } from '../history/verdict-text.ts'
import { emptyTally } from './world/tally.ts'
import { World } from './world.ts'

/** `SIM_SEED=7 SIM_STEPS=600 npm test -- simulation` replays one run; `SIM_RUNS` makes more of them. */
const STEPS = Number(process.env['SIM_STEPS'] ?? 600)
const RUNS = Number(process.env['SIM_RUNS'] ?? 40)
const SEED = process.env['SIM_SEED']

/** What clients saw is judged besides, by rules that know nothing of the inside: how often each found something, by name. */
async function simulate(seed: number, judged = new Map<string, number>()): Promise<World['tally']> {
  const checker = new Checker()
  const world = new World(seed, undefined, undefined, checker.take)
  try {
    await world.run(STEPS)
    const { violations, tallies } = checker.finish()
    for (const { name, held } of tallies) judged.set(name, (judged.get(name) ?? 0) + held)
    if (violations.length > 0) throw new Error(violations.map(violationText).join('\n'))
  } catch (error) {
    const replay = `SIM_SEED=${seed} SIM_STEPS=${STEPS} npm test -- simulation`
    throw new Error(`${error instanceof Error ? error.message : error} (replay: ${replay})`, { cause: error })
  }
  return world.tally
}

const seeds = SEED === undefined ? Array.from({ length: RUNS }, (_, run) => run + 1) : [Number(SEED)]

const whole = await beforehand(async () => {
  const total = emptyTally()
  const judged = new Map<string, number>()
  for (const seed of seeds) {
    const tally = await simulate(seed, judged)
    for (const [name, count] of Object.entries(tally))
      Reflect.set(total, name, Reflect.get(total, name) + count)
  }
  return { total, judged }
})
const again = await beforehand(async () => [await simulate(4711), await simulate(4711)])

describe('a simulated service', () => {
  it('keeps its promises whatever fails', () => {
    const { total, judged } = whole()
    // A simulation in which nothing happens proves nothing.
    if (SEED === undefined)
      for (const [name, count] of Object.entries(total)) assert.ok(count >= RUNS / 4, `only ${count} ${name}`)
    // Nobody signs in here with a token, and nobody changes the directory: the simulated cluster has both.
    for (const [rule, count] of judged)
      if (!['R12', 'R14'].includes(rule)) assert.ok(count > 0, `${rule} found nothing to look at`)
  })

  it('does the same again for the same seed', () => {
    const [first, second] = again()
    assert.deepEqual(first, second)
  })
})
