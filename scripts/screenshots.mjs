import { ensureBuilt } from './build.mjs'
import { ensureInstalled } from './install.mjs'
import { ensureSystemPackages } from './system-packages.mjs'
import { RUN_SOURCES, runOrExit } from './workspace.mjs'

ensureInstalled()
ensureBuilt(['server', 'cli', 'console', 'examples/ring'])
ensureSystemPackages(['chromium', 'fonts'])
const program = [...RUN_SOURCES, 'test/screenshots/screenshots.ts', ...process.argv.slice(2)]
runOrExit(process.execPath, program, 'No pictures')
