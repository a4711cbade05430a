import { spawnSync } from 'node:child_process'
import { ensureInstalled } from './install.mjs'
import { RUN_SOURCES, root } from './workspace.mjs'

ensureInstalled()

// The file is named from where npm was called.
const cwd = process.env['INIT_CWD'] ?? root
const program = [...RUN_SOURCES, `${root}/test/sim/cluster/simulate-cluster.ts`, ...process.argv.slice(2)]
const { status } = spawnSync(process.execPath, program, { cwd, stdio: 'inherit' })
process.exitCode = status ?? 1
