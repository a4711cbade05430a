import { spawnSync } from 'node:child_process'
import { ensureBuilt } from './build.mjs'
import { ensureInstalled } from './install.mjs'
import { ensureSystemPackages, systemNeedsOf } from './system-packages.mjs'
import { bundleTests } from './test-bundles.mjs'
import { filesUnder, root } from './workspace.mjs'

/**
 * Tests that are of one process, or of its data folder, each with why.
 * @type {ReadonlyMap<string, string>}
 */
const LEFT_OUT = new Map([
  ['admin-port', 'its port is not before the nodes'],
  ['backup', 'copies a data folder'],
  ['cli-operations', 'begins with what it wrote into a data folder'],
  ['client-certificates', 'is about TLS of one process'],
  ['directory-store', 'begins with a command for a data folder'],
  ['files-of-others', 'is about a data folder'],
  ['killed-under-load', 'chaos.test.ts is this for several'],
  ['nodes', 'starts nodes itself'],
  ['notices', 'of one process'],
  ['open-demo', 'is about a data folder'],
  ['operations', 'is about files and signals of one process'],
  ['overload', 'of one process'],
  ['rate-limits', 'each process gives what is configured'],
  ['redis', 'starts a Redis itself'],
  ['redis-cluster-demo', 'starts nodes itself'],
  ['redis-move', 'starts nodes itself'],
  ['rotate-key', 'is about a data folder'],
  ['round-robin', 'runs others'],
  ['secrets', 'is about a data folder'],
  ['standstill', 'freezes all of them at once: time of the store stands by other rules'],
  ['statistics', 'counts of one process'],
  ['store-kill', 'is about a data folder'],
  ['transports', 'its ports are not before the nodes'],
  ['who-sends-what', 'a directory file is read by each at its own time'],
  ['workers', 'starts nodes itself'],
])

/** Each has two servers and a Redis of its own, and calls that may take so long only and no longer. */
const AT_ONCE = 2
/** A file that hangs is named, and ends without the others: many times what the longest takes. */
const TEST_LIMIT_MS = 900_000

const all = filesUnder('test/e2e').filter((path) => path.endsWith('.test.ts'))
for (const name of LEFT_OUT.keys())
  if (!all.includes(fileOf(name))) throw new Error(`${fileOf(name)} is left out, and there is no such file`)
const leftOut = new Set([...LEFT_OUT.keys()].map(fileOf))
const wanted = process.argv.slice(2)
const files = all.filter(
  (path) => !leftOut.has(path) && (wanted.length === 0 || wanted.some((one) => path.includes(one))),
)
if (files.length === 0) {
  process.stderr.write(`No test file matches, or all that do are of one process: ${wanted.join(' ')}\n`)
  process.exit(1)
}
ensureInstalled()
ensureBuilt(['server', 'client', 'cli', 'console', 'examples/ring'])
ensureSystemPackages([...systemNeedsOf(files), ...systemNeedsOf(['test/e2e/redis.test.ts'])])
const bundles = bundleTests(files, true)
const bounds = [`--test-concurrency=${AT_ONCE}`, `--test-timeout=${TEST_LIMIT_MS}`]
const options = ['-C', 'source', '--enable-source-maps', '--test', '--test-reporter=spec', ...bounds]
const { status } = spawnSync(process.execPath, [...options, ...bundles.files], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, SERVER_OF_TESTS: bundles.server, E2E_NODES: '2' },
})
process.exitCode = status ?? 1

/** @param {string} name */
function fileOf(name) {
  return `test/e2e/${name}.test.ts`
}
