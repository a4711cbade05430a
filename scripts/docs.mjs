import { ensureInstalled } from './install.mjs'
import { runOrExit } from './workspace.mjs'

// Writes the documents that are made from the sources; `npm run check` holds them to it.
ensureInstalled()
const options = ['-C', 'source', '--import', 'tsx']
runOrExit(process.execPath, [...options, 'test/house/write-documents.ts'], 'The documents were not written')
