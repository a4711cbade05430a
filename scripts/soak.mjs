import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ensureBuilt } from './build.mjs'
import { ensureInstalled } from './install.mjs'
import { RUN_SOURCES, root } from './workspace.mjs'

// As many sockets as there may be, and no more than four hours of the processor: a run that goes wrong must end by itself.
const BOUNDS = 'ulimit -n $(ulimit -Hn) 2>/dev/null; ulimit -t 14400; exec "$0" "$@"'

ensureInstalled()
ensureBuilt(['server', 'client'])
const program = [process.execPath, ...RUN_SOURCES, join(root, 'test/soak/soak.ts'), ...process.argv.slice(2)]
const { status } = spawnSync('sh', ['-c', BOUNDS, ...program], { cwd: root, stdio: 'inherit' })
process.exitCode = status ?? 1
