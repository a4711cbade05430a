import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuilt } from './build.mjs'
import { ensureInstalled } from './install.mjs'
import { root } from './workspace.mjs'

ensureInstalled()
ensureBuilt()

// The server runs in this process: signals, standard streams and the exit code are its own, and nothing is
// left behind when this process is killed. `npm start -- --config x.json` hands its arguments on.
const main = join(root, 'server/dist/main.js')
process.argv[1] = main
process.setSourceMapsEnabled(true)
await import(pathToFileURL(main).href)
