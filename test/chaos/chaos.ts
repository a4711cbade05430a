import { parseArgs } from 'node:util'
import { NO_REDIS } from '../helpers/redis-server.ts'
import { tallyText, violationText } from '../history/verdict-text.ts'
import { writeHistory } from '../history/write-history.ts'
import { ChaosRun } from './chaos-run.ts'

const USAGE = `Usage: npm run chaos -- [--seconds N] [--seed N] [--nodes COUNT] [--devices COUNT] [--history FILE]

Runs processes of the service on one Redis under phones, backends and a webhook, and kills, freezes, drains and restarts them,
and the Redis; what everybody saw is judged by the rules of test/history/README.md.

  --seconds N     how long it goes wrong; default 60
  --seed N        of what goes wrong, and of what is sent; default 1. Processes are real: no two runs are alike
  --nodes COUNT   of the service; default 3
  --devices COUNT default 60
  --history FILE  writes what clients saw
`

type Wish = {
  readonly seconds: number
  readonly seed: number
  readonly nodes: number
  readonly devices: number
}

function parseWish(): (Wish & { readonly history: string | undefined }) | undefined {
  const option = { type: 'string' } as const
  const options = { seconds: option, seed: option, nodes: option, devices: option, history: option }
  try {
    const { history, ...given } = parseArgs({ options }).values
    const { seconds = '60', seed = '1', nodes = '3', devices = '60' } = given
    const wish: Wish = {
      ...{ seconds: Number(seconds), seed: Number(seed), nodes: Number(nodes), devices: Number(devices) },
    }
    if (!Object.values(wish).every((number) => Number.isSafeInteger(number) && number > 0)) return undefined
    return wish.nodes <= 26 ? { ...wish, history } : undefined
  } catch {
    return undefined
  }
}

async function main(): Promise<void> {
  const wish = parseWish()
  if (wish === undefined || NO_REDIS !== undefined) {
    process.stderr.write(wish === undefined ? USAGE : `${NO_REDIS}\n`)
    process.exitCode = 2
    return
  }
  const { seconds, history, ...options } = wish
  const written = history === undefined ? undefined : writeHistory(history)
  const run = await ChaosRun.start({ ...options, onLine: (line) => written?.write(line) })
  try {
    const untilMs = performance.now() + 1_000 * seconds
    await run.suffer(async (troubles) => {
      while (performance.now() < untilMs) {
        await new Promise((resolve) => setTimeout(resolve, 500 + run.crowd.dice.roll(2_500)))
        await troubles.any()
      }
    })
    const verdict = await run.judge()
    for (const [what, count] of run.troubles.done) process.stdout.write(`${what}: ${count}\n`)
    process.stdout.write(`${tallyText(verdict)}\n`)
    for (const violation of verdict.violations) process.stdout.write(`${violationText(violation)}\n`)
    if (verdict.violations.length > 0) process.exitCode = 1
  } finally {
    await written?.close()
    await run.close()
  }
}

await main()
