import { spawn } from 'node:child_process'
import { ensureBuilt } from './build.mjs'
import { ensureInstalled } from './install.mjs'
import { ensureSystemPackages, systemNeedsOf } from './system-packages.mjs'
import { bundleTests } from './test-bundles.mjs'
import { filesUnder, RUN_SOURCES, root } from './workspace.mjs'

/** What is promised on two cores. A machine that is slow for a while fails nothing by that: whoever reads is told. */
const PROMISED_MS = 900_000
/** Something hangs. */
const TIME_LIMIT_MS = 3 * PROMISED_MS
/** A test that hangs is named, and ends without the others. The longest take a minute and a half, and four where a machine is slow. */
const TEST_LIMIT_MS = 600_000
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

/** Which files take long, the longest first: at the end no core waits for one file. What begins with none comes last. */
const LONGEST = [
  'test/sim/simulation',
  'server/src/webhooks/webhooks.test',
  'server/src/store/embedded/embedded.test',
  'test/browser/',
  'test/e2e/',
  'test/sim/',
  'test/disk/',
  'server/src/',
]
/** More at a time than the two cores this is meant for: browsers and servers mostly wait for each other. With four each has half a core, and what waits for it gives up. */
const AT_ONCE = 3

/** Reports of what tests reach count lines of the sources: `npm run coverage`. */
const isCovered = process.env['NODE_V8_COVERAGE'] !== undefined

/**
 * Test files whose path holds any of `wanted`; where nothing is wanted, all but the house rules and what is measured.
 * @param {readonly string[]} wanted
 */
function testFiles(wanted) {
  const all = FOLDERS.flatMap(filesUnder).filter((path) => path.endsWith('.test.ts'))
  const files = all.toSorted((one, other) => rank(one) - rank(other))
  if (wanted.length === 0) return files.filter((path) => !path.startsWith(HOUSE) && path !== LATENCIES)
  return files.filter((path) => wanted.some((part) => path.includes(part)))
}

/** @param {string} path */
function rank(path) {
  const index = LONGEST.findIndex((start) => path.startsWith(start))
  return index === -1 ? LONGEST.length : index
}

/**
 * Runs the files with Node's own runner, `atOnce` at a time, and gives its exit code. Node 20's runner knows no
 * globs, so it gets the names.
 * @param {readonly string[]} files
 * @param {number} atOnce
 * @param {number} untilMs
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<number>}
 */
function run(files, atOnce, untilMs, env = process.env) {
  if (files.length === 0) return Promise.resolve(0)
  const how = isCovered ? RUN_SOURCES : ['-C', 'source', '--enable-source-maps']
  const bounds = [`--test-concurrency=${atOnce}`, `--test-timeout=${TEST_LIMIT_MS}`]
  const options = [...how, '--test', '--test-reporter=spec', ...bounds]
  // A group of its own, so that the time limit ends the tests' servers with the runner.
  const runner = spawn(process.execPath, [...options, ...files], {
    cwd: root,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  })
  /** @param {NodeJS.Signals} signal */
  const killAll = (signal) => {
    if (runner.pid !== undefined) process.kill(-runner.pid, signal)
  }
  const timer = setTimeout(
    () => {
      killAll('SIGKILL')
      process.stderr.write(`\nThe tests took more than ${TIME_LIMIT_MS / 60_000} minutes and were killed.\n`)
    },
    Math.max(1, untilMs - Date.now()),
  )
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
const isWhole = files.some((path) => path.startsWith('test/') && !path.startsWith(HOUSE))
if (isWhole) ensureBuilt(['server', 'client', 'cli', 'console', 'examples/ring'])
ensureSystemPackages(systemNeedsOf(files))
const startMs = Date.now()
const untilMs = startMs + TIME_LIMIT_MS
const bundles = isCovered ? undefined : bundleTests(files, isWhole)
const runnable = bundles?.files ?? files
const server = isWhole && bundles !== undefined ? { SERVER_OF_TESTS: bundles.server } : {}
const together = runnable.filter((path) => !path.includes(NEIGHBOURS))
const alone = runnable.filter((path) => path.includes(NEIGHBOURS))
const codes = [
  await run(together, AT_ONCE, untilMs, { ...process.env, ...server }),
  await run(alone, 1, untilMs),
]
const tookMs = Date.now() - startMs
if (tookMs > PROMISED_MS) {
  const [took, promised] = [tookMs, PROMISED_MS].map((ms) => `${(ms / 60_000).toFixed(1)} minutes`)
  process.stderr.write(`The tests took ${took}, not the ${promised} that two cores need at most.\n`)
}
process.exitCode = codes.find((code) => code !== 0) ?? 0
