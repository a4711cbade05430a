import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { allCases } from './cases/cases.ts'
import { Lab } from './lab/lab.ts'
import { chooseCores, pinThisProcess } from './machine/cores.ts'
import { describeMachine, type Machine } from './machine/machine.ts'
import { clockTicksPerSecond } from './machine/process-usage.ts'
import { type Options, readOptions, USAGE, UsageError } from './options.ts'
import { renewedPage, resultsPage } from './report/page.ts'
import { resultsPicture } from './report/picture.ts'
import type { Result } from './report/result.ts'
import { terminalTable } from './report/terminal.ts'
import { runCase } from './run-case.ts'

const RESULTS_PAGE = fileURLToPath(new URL('../RESULTS.md', import.meta.url))
const RESULTS_PICTURE = fileURLToPath(new URL('../../docs/images/benchmark.svg', import.meta.url))

/** Exit codes: 0 measured, whether targets hold or not; 1 something failed; 2 the command line cannot be used. */
async function main(): Promise<void> {
  if (process.platform !== 'linux') throw new Error('the benchmark reads /proc: it runs on Linux only')
  const options = readOptions(process.argv.slice(2), allCases())
  if (options === 'help') return void process.stdout.write(USAGE)
  const cores = chooseCores()
  const machine = await describeMachine(options.folder, cores)
  if (cores !== undefined) pinThisProcess(cores.load)
  if (options.profileFolder !== undefined) mkdirSync(options.profileFolder, { recursive: true })
  const lab = new Lab({ ...options, cores, ticksPerSecond: clockTicksPerSecond() })
  process.on('exit', () => lab.close())
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))
  const results = await measure(lab, options)
  process.stdout.write(`\n${terminalTable(results)}`)
  if (options.jsonFile !== undefined)
    writeFileSync(options.jsonFile, `${JSON.stringify({ machine, ...options.amounts, results }, null, 2)}\n`)
  if (options.isReported) report(results, machine, options.amounts.scale)
  process.exitCode = results.some(({ failure }) => failure !== undefined) ? 1 : 0
}

function report(results: readonly Result[], machine: Machine, scale: number): void {
  const former = existsSync(RESULTS_PAGE) ? readFileSync(RESULTS_PAGE, 'utf8') : ''
  const measured = resultsPage(results, machine, command(), scale, commit())
  writeFileSync(RESULTS_PAGE, renewedPage(former, measured))
  const picture = resultsPicture(results)
  if (picture !== undefined) writeFileSync(RESULTS_PICTURE, picture)
}

async function measure(lab: Lab, options: Options): Promise<Result[]> {
  const users = Math.max(...options.cases.map((measured) => measured.users(options.amounts)))
  const listed = Math.max(users, ...options.cases.map((measured) => measured.listed?.(options.amounts) ?? 0))
  say(`signing ${users} users in …`)
  await lab.prepare(users, listed)
  const results: Result[] = []
  for (const measured of options.cases) results.push(await runCase(lab, measured, options, say))
  return results
}

/** What was measured; a release has no repository around it. */
function commit(): string {
  const git = ['describe', '--always', '--dirty', '--exclude=*']
  try {
    return execFileSync('git', git, { cwd: dirname(RESULTS_PAGE), encoding: 'utf8', stdio: 'pipe' }).trim()
  } catch {
    return 'unknown'
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

function command(): string {
  return ['npm run bench --', ...process.argv.slice(2)].join(' ')
}

main()
  .catch((error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = error instanceof UsageError ? 2 : 1
  })
  .finally(() => process.exit())
