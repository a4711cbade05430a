import { parseArgs } from 'node:util'
import { violationText } from '../../history/verdict-text.ts'
import { writeHistory } from '../../history/write-history.ts'
import { ClusterWorld } from './cluster-world.ts'

const USAGE = `Usage: npm run simulate-cluster -- [--nodes N] [--seed N] [--seeds COUNT] [--steps COUNT] [--history FILE]

Runs several processes of the service over one store in memory, with phones and senders, processes that freeze and die, and a
network that loses messages, and judges what clients saw by the rules of test/history/README.md.

  --nodes N      how many processes; default 3
  --seed N       the first seed; default 1
  --seeds COUNT  how many; default 1
  --steps COUNT  of each; default 400
  --history FILE writes what clients saw: of one seed only
`

type Wish = {
  readonly nodes: number
  readonly first: number
  readonly count: number
  readonly steps: number
  readonly history: string | undefined
}

function parseWish(): Wish | undefined {
  try {
    const option = { type: 'string' } as const
    const options = { nodes: option, seed: option, seeds: option, steps: option, history: option }
    const { nodes = '3', seed = '1', seeds = '1', steps = '400', history } = parseArgs({ options }).values
    const wish = { nodes: +nodes, first: +seed, count: +seeds, steps: +steps, history }
    const numbers = [wish.nodes, wish.first, wish.count, wish.steps]
    if (!numbers.every((number) => Number.isSafeInteger(number) && number > 0)) return undefined
    return history !== undefined && wish.count > 1 ? undefined : wish
  } catch {
    return undefined
  }
}

/** What is wrong with one run; empty: nothing. */
async function simulate(seed: number, { nodes, steps, history }: Wish): Promise<readonly string[]> {
  const file = history === undefined ? undefined : writeHistory(history)
  try {
    const world = new ClusterWorld({ seed, nodes, onLine: (line) => file?.write(line) })
    return (await world.run(steps)).violations.map(violationText)
  } catch (error) {
    return [error instanceof Error ? (error.stack ?? error.message) : String(error)]
  } finally {
    await file?.close()
  }
}

async function simulateAll(wish: Wish): Promise<number> {
  let failures = 0
  for (let seed = wish.first; seed < wish.first + wish.count; seed++) {
    const wrong = await simulate(seed, wish)
    for (const text of wrong) process.stdout.write(`seed ${seed}: ${text}\n`)
    if (wrong.length > 0) failures++
  }
  process.stdout.write(`${failures} of ${wish.count} seeds failed\n`)
  return failures === 0 ? 0 : 1
}

const wish = parseWish()
if (wish === undefined) process.stderr.write(USAGE)
process.exitCode = wish === undefined ? 2 : await simulateAll(wish)
