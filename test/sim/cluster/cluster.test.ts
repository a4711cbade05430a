import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { violationText } from '../../history/verdict-text.ts'
import { type ClusterTally, ClusterWorld } from './cluster-world.ts'

const NODES = 3
const STEPS = Number(process.env['SIM_STEPS'] ?? 400)
const RUNS = Number(process.env['SIM_RUNS'] ?? 8)

describe('a simulated cluster', () => {
  it('keeps its promises whatever fails', async () => {
    const total: Partial<Record<keyof ClusterTally, number>> = {}
    for (let seed = 1; seed <= RUNS; seed++) {
      const world = new ClusterWorld({ seed, nodes: NODES })
      const verdict = await world.run(STEPS)
      assert.deepEqual(
        verdict.violations,
        [],
        `seed ${seed}\n${verdict.violations.map(violationText).join('\n')}`,
      )
      for (const [name, count] of Object.entries(world.tally) as [keyof ClusterTally, number][])
        total[name] = (total[name] ?? 0) + count
    }
    // A simulation in which nothing happens proves nothing.
    for (const [name, count] of Object.entries(total)) assert.ok(count >= RUNS / 4, `only ${count} ${name}`)
  })

  it('does the same again for the same seed', async () => {
    const run = async (): Promise<readonly string[]> => {
      const lines: string[] = []
      const onLine = (line: object): void => void lines.push(JSON.stringify(line))
      await new ClusterWorld({ seed: 4711, nodes: NODES, onLine }).run(150)
      return lines
    }
    assert.deepEqual(await run(), await run())
  })
})
