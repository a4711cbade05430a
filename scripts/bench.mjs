import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuilt } from './build.mjs'
import { ensureInstalled } from './install.mjs'
import { root } from './workspace.mjs'

ensureInstalled()
ensureBuilt(['server', 'bench'])

// `npm run bench -- --help` tells what can be asked for. What is measured is the build.
const main = join(root, 'bench/dist/bench.js')
process.argv[1] = main
await import(pathToFileURL(main).href)
