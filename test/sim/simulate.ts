import { parseArgs } from 'node:util'
import { tellUsage } from '../helpers/usage.ts'
import { Checker, type Verdict } from '../history/checker.ts'
import type { Line } from '../history/lines.ts'
import { violationText } from '../history/verdict-text.ts'
import { writeHistory } from '../history/write-history.ts'
import { ClusterWorld } from './cluster/cluster-world.ts'
import { World } from './world.ts'

const USAGE = `Usage: npm run simulate -- [--nodes COUNT] [--seed N] [--seeds COUNT] [--steps COUNT] [--history FILE]

Runs the service with devices on bad networks, a disk that fails and a process that dies, and judges it by its own rules and
by those of test/history/README.md.

  --nodes COUNT processes of the service, over one store; default 1, over a disk
  --seed N      the first seed; default 1
  --seeds COUNT how many; default 1
  --steps COUNT of each; default 600, of several processes 400
  --history FILE writes what clients saw: of one seed only
`

type Wish = {
  readonly first: number
  readonly count: number
  readonly steps: number
  readonly nodes: number
  readonly history?: string
}

function parseWish(): Wish | undefined {
  const option = { type: 'string' } as const
  const options = { seed: option, seeds: option, steps: option, nodes: option, history: option }
  try {
    const { seed = '1', seeds = '1', nodes = '1', history, ...values } = parseArgs({ options }).values
    const steps = values.steps ?? (nodes === '1' ? '600' : '400')
    const wish = { first: Number(seed), count: Number(seeds), steps: Number(steps), nodes: Number(nodes) }
    if (!Object.values(wish).every((number) => Number.isSafeInteger(number) && number > 0)) return undefined
    if (history === undefined) return wish
    return wish.count === 1 ? { ...wish, history } : undefined
  } catch {
    return undefined
  }
}

type Run = { readonly failures: readonly string[]; readonly verdict: Verdict | undefined }

/** One process over a disk, by rules of its own besides. */
async function runAlone(seed: number, steps: number, onLine: (line: Line) => void): Promise<Run> {
  const checker = new Checker()
  const world = new World(seed, undefined, undefined, (line) => {
    checker.take(line)
    onLine(line)
  })
  const failures = await failuresOf(world.run(steps))
  return { failures, verdict: checker.finish() }
}

/** Several processes over one store. */
async function runCluster(
  seed: number,
  nodes: number,
  steps: number,
  onLine: (line: Line) => void,
): Promise<Run> {
  let verdict: Verdict | undefined
  const world = new ClusterWorld({ seed, nodes, onLine })
  const failures = await failuresOf(
    world.run(steps).then((its) => {
      verdict = its
    }),
  )
  return { failures, verdict }
}

async function failuresOf(run: Promise<unknown>): Promise<readonly string[]> {
  try {
    await run
    return []
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

/** What is wrong with one run; empty: nothing. */
async function simulate(seed: number, { nodes, steps, history }: Wish): Promise<readonly string[]> {
  const file = history === undefined ? undefined : writeHistory(history)
  const onLine = (line: Line): void => file?.write(line)
  const { failures, verdict } =
    nodes === 1 ? await runAlone(seed, steps, onLine) : await runCluster(seed, nodes, steps, onLine)
  await file?.close()
  return [...failures, ...(verdict?.violations ?? []).map(violationText)]
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
process.exitCode = wish === undefined ? tellUsage(USAGE) : await simulateAll(wish)
