import { ensureInstalled } from './install.mjs'
import { RUN_SOURCES, runOrExit } from './workspace.mjs'

// Writes the documents that are made from the sources; `npm run check` holds them to it.
ensureInstalled()
runOrExit(
  process.execPath,
  [...RUN_SOURCES, 'test/house/write-documents.ts'],
  'The documents were not written',
)
