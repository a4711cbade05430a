import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuilt } from './build.mjs'
import { ensureInstalled } from './install.mjs'
import { root } from './workspace.mjs'

const ORPHAN_CHECK_MS = 500

// npm hands SIGTERM on only to its direct child, which is why package.json says `exec`; killed outright it can
// hand on nothing, and must not leave a server behind that holds the port and the data folder.
function endWithNpm() {
  if (process.env['npm_lifecycle_event'] !== 'start') return
  const npm = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === npm) return
    clearInterval(timer)
    process.kill(process.pid, 'SIGTERM')
  }, ORPHAN_CHECK_MS)
  timer.unref()
}

ensureInstalled()
ensureBuilt(['server', 'console', 'examples/ring'])
endWithNpm()

// The server runs in this process: signals, standard streams and the exit code are its own.
// `npm start -- --config x.json` hands its arguments on.
const main = join(root, 'server/dist/main.js')
process.argv[1] = main
process.setSourceMapsEnabled(true)
await import(pathToFileURL(main).href)
