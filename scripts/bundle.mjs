import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root, runOrExit } from './workspace.mjs'

/** Where the build puts the SDK as one file, from the root. */
export const SDK_FILE = 'client/dist/sdk.js'

/**
 * Makes one ES module of the SDK, for pages without a bundler: what the server has at `/sdk.js`. From the same sources
 * it is the same to the byte wherever it is made, since its digest stands in the documents.
 * @param {string} file where to put it; its map goes beside it
 */
export function bundleSdk(file) {
  const { version, license } = JSON.parse(readFileSync(join(root, 'client/package.json'), 'utf8'))
  const banner = `--banner:js=/*! Rollcall SDK ${version}, ${license} */`
  bundle('client/src/client.ts', file, ['--platform=browser', '--target=es2022', '--minify', banner])
}

/**
 * Makes one file of the command line and the SDK that it stands on, so that it can be installed on its own.
 * @param {string} file
 */
export function bundleCli(file) {
  bundle('cli/src/main.ts', file, ['--platform=node', '--target=node20', '--external:ws'])
}

/**
 * @param {string} entry
 * @param {string} file
 * @param {readonly string[]} options
 */
function bundle(entry, file, options) {
  // The sources as they are, and not by what the nearest tsconfig.json says.
  const common = ['--bundle', '--format=esm', '--conditions=source', '--tsconfig-raw={}', '--sourcemap']
  runOrExit(
    join(root, 'node_modules/.bin/esbuild'),
    [entry, ...common, ...options, '--log-level=warning', `--outfile=${file}`],
    `${file} was not made`,
  )
}
