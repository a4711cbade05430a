import { parseArgs } from 'node:util'
import { tellUsage } from '../helpers/usage.ts'
import { tallyText, violationText } from '../history/verdict-text.ts'
import { growthText, judgeGrowth } from './growth.ts'
import { SoakRun } from './soak-run.ts'
import { ALLOWANCES } from './soak-settings.ts'

const USAGE = `Usage: npm run soak -- [--minutes N] [--devices COUNT] [--seed N]

Runs the built server for a long time under devices that reconnect, refresh their tokens, hide, die and come back, and backends
that send at ordinary rates. Judged are what everybody saw, by the rules of test/history/README.md, and whether the server takes
more and more: memory, file handles, sockets, and its data folder.

  --minutes N      default 30; the first third is the warm-up
  --devices COUNT  default 5000
  --seed N         of what happens; default 1. Processes are real: no two runs are alike
`

type Wish = { readonly minutes: number; readonly devices: number; readonly seed: number }

function parseWish(): Wish | undefined {
  const option = { type: 'string' } as const
  try {
    const { values } = parseArgs({ options: { minutes: option, devices: option, seed: option } })
    const { minutes = '30', devices = '5000', seed = '1' } = values
    const wish = { minutes: Number(minutes), devices: Number(devices), seed: Number(seed) }
    const isWhole = Number.isSafeInteger(wish.devices) && Number.isSafeInteger(wish.seed)
    return isWhole && wish.minutes > 0 && wish.devices > 0 && wish.seed > 0 ? wish : undefined
  } catch {
    return undefined
  }
}

/** In a short run all has to happen more often; in a long one two minutes are what phones do. */
function keepAliveSecondsOf({ minutes }: Wish): number {
  return Math.round(Math.min(120, Math.max(10, (minutes * 60) / 15)))
}

async function soak(wish: Wish): Promise<boolean> {
  const run = await SoakRun.start({ ...wish, keepAliveSeconds: keepAliveSecondsOf(wish) })
  try {
    await run.live(60 * wish.minutes)
    const verdict = await run.judge()
    const growths = judgeGrowth(run.samples.slice(run.samples.length / 3), ALLOWANCES)
    for (const [what, count] of run.done) process.stdout.write(`${what}: ${count}\n`)
    process.stdout.write(`the server stood still: ${run.standstills}\n`)
    for (const violation of verdict.violations) process.stdout.write(`${violationText(violation)}\n`)
    for (const warning of run.warnings()) process.stdout.write(`${warning}\n`)
    process.stdout.write(`${tallyText(verdict)}\n${growthText(growths)}`)
    return verdict.violations.length === 0 && growths.every(({ holds }) => holds)
  } finally {
    await run.close()
  }
}

const wish = parseWish()
if (wish === undefined) process.exitCode = tellUsage(USAGE)
else process.exitCode = (await soak(wish)) ? 0 : 1
