import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { ensureInstalled } from './install.mjs'
import { filesUnder, RUN_SOURCES, root } from './workspace.mjs'

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string} what for the line that reports it
 * @property {readonly string[]} args of Node
 */

/** @returns {readonly Check[]} */
function allChecks() {
  const houseRules = filesUnder('test/house').filter((path) => path.endsWith('.test.ts'))
  if (houseRules.length === 0) throw new Error('no house rules under test/house/')
  return [
    {
      name: 'lint',
      what: 'formatting and lint',
      args: [
        bin('@biomejs/biome/bin/biome'),
        'ci',
        '--colors=off',
        '--error-on-warnings',
        '--max-diagnostics=200',
        '.',
      ],
    },
    { name: 'types', what: 'types', args: [bin('typescript/bin/tsc'), '-p', '.'] },
    {
      name: 'pages',
      what: 'types of what runs in browsers',
      args: [bin('typescript/bin/tsc'), '-p', 'tsconfig.pages.json'],
    },
    {
      name: 'unused',
      what: 'unused files, exports and dependencies',
      args: [bin('knip/bin/knip.js'), '--no-progress', '--treat-config-hints-as-errors'],
    },
    {
      name: 'house',
      what: `house rules (${houseRules.length} files of test/house)`,
      args: [...RUN_SOURCES, '--test', '--test-reporter=spec', ...houseRules],
    },
  ]
}

/** @param {string} path */
function bin(path) {
  return join(root, 'node_modules', path)
}

/**
 * Runs one check and prints its line; its output only where it fails.
 * @param {Check} check
 * @returns {Promise<boolean>} whether it passed
 */
function run(check) {
  const startedAtMs = performance.now()
  return new Promise((resolve) => {
    const child = spawn(process.execPath, check.args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    /** @type {Buffer[]} */
    const output = []
    child.stdout.on('data', (chunk) => output.push(chunk))
    child.stderr.on('data', (chunk) => output.push(chunk))
    child.on('close', (code) => {
      const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
      process.stdout.write(`${code === 0 ? '✔' : '✖'} ${check.name}: ${check.what} (${seconds} s)\n`)
      if (code !== 0) process.stdout.write(`\n${Buffer.concat(output).toString().trim()}\n\n`)
      resolve(code === 0)
    })
  })
}

ensureInstalled()
const wanted = process.argv.slice(2)
const checks = allChecks().filter(({ name }) => wanted.length === 0 || wanted.includes(name))
if (checks.length === 0) throw new Error(`no such check: ${wanted.join(' ')}`)
const passed = await Promise.all(checks.map(run))
const failedCount = passed.filter((ok) => !ok).length
process.stdout.write(
  failedCount === 0 ? 'All checks passed.\n' : `${failedCount} of ${checks.length} checks failed.\n`,
)
process.exitCode = failedCount === 0 ? 0 : 1
