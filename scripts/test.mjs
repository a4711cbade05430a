import { spawn } from 'node:child_process'
import { ensureBuilt } from './build.mjs'
import { ensureInstalled } from './install.mjs'
import { ensureSystemPackages, systemNeedsOf } from './system-packages.mjs'
import { filesUnder, RUN_SOURCES, root } from './workspace.mjs'

const TIME_LIMIT_MS = 900_000
const FOLDERS = [
  'protocol',
  'client',
  'server/src',
  'bench/src',
  'cli/src',
  'console/src',
  'examples',
  'scripts',
  'test',
]
/** The house rules read the sources and run nothing of the product: `npm run check` runs them. */
const HOUSE = 'test/house/'
/** What a neighbour feels of another's load: nothing else runs meanwhile. */
const NEIGHBOURS = 'test/neighbours/'
/** With latencies, which takes minutes: `npm run neighbours`. */
const LATENCIES = 'test/neighbours/neighbours.test.ts'

/**
 * Test files whose path holds any of `wanted`; where nothing is wanted, all but the house rules and what is measured.
 * @param {readonly string[]} wanted
 */
function testFiles(wanted) {
  const files = FOLDERS.flatMap(filesUnder).filter((path) => path.endsWith('.test.ts'))
  if (wanted.length === 0) return files.filter((path) => !path.startsWith(HOUSE) && path !== LATENCIES)
  return files.filter((path) => wanted.some((part) => path.includes(part)))
}

/**
 * Runs the files with Node's own runner, `atOnce` at a time, and gives its exit code. Node 20's runner knows no
 * globs, so it gets the names.
 * @param {readonly string[]} files
 * @param {number} atOnce
 * @param {number} timeLimitMs
 * @returns {Promise<number>}
 */
function run(files, atOnce, timeLimitMs) {
  const options = [...RUN_SOURCES, '--test', '--test-reporter=spec', `--test-concurrency=${atOnce}`]
  // A group of its own, so that the time limit ends the tests' servers with the runner.
  const runner = spawn(process.execPath, [...options, ...files], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  })
  /** @param {NodeJS.Signals} signal */
  const killAll = (signal) => {
    if (runner.pid !== undefined) process.kill(-runner.pid, signal)
  }
  const timer = setTimeout(() => {
    killAll('SIGKILL')
    process.stderr.write(`\nThe tests took more than ${TIME_LIMIT_MS / 60_000} minutes and were killed.\n`)
  }, timeLimitMs)
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
  for (const signal of signals) process.on(signal, killAll)
  return new Promise((resolve) => {
    runner.on('exit', (code) => {
      clearTimeout(timer)
      for (const signal of signals) process.off(signal, killAll)
      resolve(code ?? 1)
    })
  })
}

ensureInstalled()
const files = testFiles(process.argv.slice(2))
if (files.length === 0) {
  process.stderr.write(`No test file matches: ${process.argv.slice(2).join(' ')}\n`)
  process.exit(1)
}
// Unit tests and house rules read the sources; only the tests of the whole start what was built.
if (files.some((path) => path.startsWith('test/') && !path.startsWith(HOUSE)))
  ensureBuilt(['server', 'client', 'cli', 'console', 'examples/ring'])
ensureSystemPackages(systemNeedsOf(files))
const untilMs = Date.now() + TIME_LIMIT_MS
const together = files.filter((path) => !path.startsWith(NEIGHBOURS))
const alone = files.filter((path) => path.startsWith(NEIGHBOURS))
// More files at a time than the two cores this is meant for: browsers and servers mostly wait for each other.
const codes = [together.length === 0 ? 0 : await run(together, 3, untilMs - Date.now())]
if (alone.length > 0) codes.push(await run(alone, 1, Math.max(1, untilMs - Date.now())))
process.exitCode = codes.find((code) => code !== 0) ?? 0
