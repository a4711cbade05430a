import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { beforehand } from '../../helpers/beforehand.ts'
import { violationText } from '../../history/verdict-text.ts'
import { type ClusterTally, ClusterWorld } from './cluster-world.ts'

const NODES = 3
const STEPS = Number(process.env['SIM_STEPS'] ?? 400)
const RUNS = Number(process.env['SIM_RUNS'] ?? 8)

const whole = await beforehand(async () => {
  const total: Partial<Record<keyof ClusterTally, number>> = {}
  for (let seed = 1; seed <= RUNS; seed++) {
    const world = new ClusterWorld({ seed, nodes: NODES })
    const { violations } = await world.run(STEPS)
    assert.deepEqual(violations, [], `seed ${seed}\n${violations.map(violationText).join('\n')}`)
    for (const [name, count] of Object.entries(world.tally) as [keyof ClusterTally, number][])
      total[name] = (total[name] ?? 0) + count
  }
  return total
})

async function linesOf(seed: number): Promise<readonly string[]> {
  const lines: string[] = []
  const onLine = (line: object): void => void lines.push(JSON.stringify(line))
  await new ClusterWorld({ seed, nodes: NODES, onLine }).run(150)
  return lines
}
const again = await beforehand(async () => [await linesOf(4711), await linesOf(4711)])

describe('a simulated cluster', () => {
  it('keeps its promises whatever fails', () => {
    // A simulation in which nothing happens proves nothing.
    for (const [name, count] of Object.entries(whole())) assert.ok(count >= RUNS / 4, `only ${count} ${name}`)
  })

  it('does the same again for the same seed', () => {
    const [first, second] = again()
    assert.deepEqual(first, second)
  })
})
