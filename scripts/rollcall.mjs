import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ensureBuilt } from './build.mjs'
import { ensureInstalled } from './install.mjs'
import { root } from './workspace.mjs'

// `npm run rollcall -- token --help`: the command line, built if need be.
const [command] = process.argv.slice(2)
ensureInstalled()
ensureBuilt(['cli', 'server', ...(command === 'bench' ? ['bench'] : [])])

const main = join(root, 'cli/dist/main.js')
process.argv[1] = main
process.setSourceMapsEnabled(true)
await import(pathToFileURL(main).href)
