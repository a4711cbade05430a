import { ensureBuilt } from './build.mjs'
import { ensureInstalled } from './install.mjs'
import { RUN_SOURCES, runOrExit } from './workspace.mjs'

const USAGE = `Usage: npm run neighbours -- [--all | --without] [NAME …]

Runs an organization at its daily work beside one attacker at a time, and judges what it felt of it.

  --all      the long cases too, and each for longer
  --without  each with what protects from it taken away: then it must be felt, or the case shows nothing
  NAME       only these; the names are in test/neighbours/attacks.ts
`

const args = process.argv.slice(2)
const names = args.filter((arg) => !arg.startsWith('--'))
const unknown = args.filter((arg) => arg.startsWith('--') && arg !== '--all' && arg !== '--without')
if (unknown.length > 0) {
  const isAsked = unknown.includes('--help')
  const to = isAsked ? process.stdout : process.stderr
  to.write(USAGE)
  process.exit(isAsked ? 0 : 2)
}
if (args.includes('--all')) process.env['NEIGHBOURS'] = 'all'
if (args.includes('--without')) process.env['NEIGHBOURS'] = 'without'
if (names.length > 0) process.env['NEIGHBOURS_ONLY'] = names.join(',')
ensureInstalled()
ensureBuilt(['server', 'client'])
const program = [...RUN_SOURCES, '--test', '--test-reporter=spec', 'test/neighbours/neighbours.test.ts']
runOrExit(process.execPath, program, 'A neighbour was felt')
