import { setTimeout as sleep } from 'node:timers/promises'
import { isAlone, Networks, runAlone } from '../helpers/networks.ts'
import { NO_REDIS } from '../helpers/redis-server.ts'
import { tellUsage } from '../helpers/usage.ts'
import { tallyText, violationText } from '../history/verdict-text.ts'
import { writeHistory } from '../history/write-history.ts'
import { ChaosRun } from './chaos-run.ts'
import { LOSSES, showLoss } from './losses.ts'
import { parseWish, USAGE, type Wish } from './wish.ts'

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const beganMs = performance.now()

async function main(): Promise<number> {
  const wish = parseWish(process.argv.slice(2))
  if (wish === undefined) return tellUsage(USAGE)
  if (NO_REDIS !== undefined) {
    process.stderr.write(`${NO_REDIS}\n`)
    return 2
  }
  if (!wish.isLoopback && !isAlone()) {
    const status = runAlone()
    if (status !== undefined) return status
    say('skipped: cutting networks, for which this machine lets nobody have one of its own')
  }
  const networks = isAlone() ? new Networks() : undefined
  try {
    return wish.isOfLosses ? await showLosses(wish, networks) : await runChaos(wish, networks)
  } finally {
    networks?.close()
  }
}

async function runChaos({ seconds, history, ...options }: Wish, networks?: Networks): Promise<number> {
  const written = history === undefined ? undefined : writeHistory(history)
  const run = await ChaosRun.start({ ...options, networks, onLine: (line) => written?.write(line) })
  const untilMs = performance.now() + 1_000 * seconds
  const again = async (trouble: () => Promise<void>): Promise<void> => {
    while (performance.now() < untilMs) {
      await sleep(500 + run.crowd.dice.roll(2_500))
      await trouble()
    }
  }
  tell(run)
  try {
    await run.suffer(async (troubles) => {
      await Promise.all([again(() => troubles.ofNodes()), again(() => troubles.ofStore())])
    })
    return await judge(run)
  } catch (error) {
    for (const { output } of run.service.nodes.all) process.stderr.write(output().slice(-4_000))
    throw error
  } finally {
    await run.close()
    await written?.close()
  }
}

/** What goes wrong, as it does. */
function tell({ troubles }: ChaosRun): void {
  troubles.scene.onNote = (what) =>
    say(`${((performance.now() - beganMs) / 1000).toFixed(0).padStart(5)} s  ${what}`)
}

async function judge(run: ChaosRun): Promise<number> {
  const verdict = await run.judge()
  const lost = await run.metric('rollcall_store_data_lost_total')
  if (lost > 0) run.troubles.scene.complaints.push(`data was lost: ${lost} partitions`)
  say('')
  for (const [what, count] of run.troubles.scene.done) say(`${String(count).padStart(5)}  ${what}`)
  say(`\n${tallyText(verdict)}`)
  for (const violation of verdict.violations) say(violationText(violation))
  for (const complaint of run.troubles.scene.complaints) say(complaint)
  return verdict.violations.length + run.troubles.scene.complaints.length > 0 ? 1 : 0
}

async function showLosses({ words }: Wish, networks: Networks | undefined): Promise<number> {
  let wrong = 0
  const isWanted = (what: string) => words.length === 0 || words.some((word) => what.includes(word))
  for (const loss of LOSSES.filter(({ what }) => isWanted(what))) {
    const shown = await showLoss(loss, networks)
    const word = shown === undefined ? 'skipped' : shown.isShown ? 'shown' : 'NOT SHOWN'
    say(`${word.padEnd(10)} ${loss.what}${shown?.text ? ` (${shown.text})` : ''}`)
    if (shown?.isShown === false) wrong++
  }
  return wrong > 0 ? 1 : 0
}

// Whoever ends it ends all that it has started.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

process.exitCode = await main()
