import { spawnSync } from 'node:child_process'
import { ensureBuilt } from './build.mjs'
import { ensureInstalled } from './install.mjs'
import { ensureSystemPackages, systemNeedsOf } from './system-packages.mjs'
import { filesUnder, RUN_SOURCES, root } from './workspace.mjs'

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

const wanted = process.argv.slice(2)
const files = filesUnder('test/e2e').filter((path) => {
  const name = path.slice('test/e2e/'.length).replace(/\.test\.ts$/, '')
  return (
    path.endsWith('.test.ts') &&
    !LEFT_OUT.has(name) &&
    (wanted.length === 0 || wanted.some((one) => path.includes(one)))
  )
})
ensureInstalled()
ensureBuilt(['server', 'client', 'cli', 'console', 'examples/ring'])
ensureSystemPackages([...systemNeedsOf(files), ...systemNeedsOf(['test/e2e/redis.test.ts'])])
const options = [...RUN_SOURCES, '--test', '--test-reporter=spec', '--test-concurrency=2']
const { status } = spawnSync(process.execPath, [...options, ...files], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, E2E_NODES: '2' },
})
process.exitCode = status ?? 1
