import { parseArgs } from 'node:util'
import { Checker } from '../history/checker.ts'
import { violationText } from '../history/verdict-text.ts'
import { writeHistory } from '../history/write-history.ts'
import { World } from './world.ts'

const USAGE = `Usage: npm run simulate -- [--seed N] [--seeds COUNT] [--steps COUNT] [--history FILE]

Runs the service with devices on bad networks, a disk that fails and a process that dies, and judges it by its own rules and
by those of test/history/README.md.

  --seed N      the first seed; default 1
  --seeds COUNT how many; default 1
  --steps COUNT of each; default 600
  --history FILE writes what clients saw: of one seed only
`

type Wish = {
  readonly first: number
  readonly count: number
  readonly steps: number
  readonly history?: string
}

function parseWish(): Wish | undefined {
  try {
    const option = { type: 'string' } as const
    const { values } = parseArgs({ options: { seed: option, seeds: option, steps: option, history: option } })
    const [first, count, steps] = [values.seed ?? '1', values.seeds ?? '1', values.steps ?? '600'].map(Number)
    const wish = { first: first ?? 1, count: count ?? 1, steps: steps ?? 600 }
    if (![wish.first, wish.count, wish.steps].every((number) => Number.isSafeInteger(number) && number > 0))
      return undefined
    if (values.history === undefined) return wish
    return wish.count === 1 ? { ...wish, history: values.history } : undefined
  } catch {
    return undefined
  }
}

/** What is wrong with one run; empty: nothing. */
async function simulate(seed: number, { steps, history }: Wish): Promise<readonly string[]> {
  const checker = new Checker()
  const file = history === undefined ? undefined : writeHistory(history)
  const world = new World(seed, undefined, undefined, (line) => {
    checker.take(line)
    file?.write(line)
  })
  const failure = await world.run(steps).then(
    () => [],
    (error: unknown) => [error instanceof Error ? error.message : String(error)],
  )
  await file?.close()
  return [...failure, ...checker.finish().violations.map(violationText)]
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
