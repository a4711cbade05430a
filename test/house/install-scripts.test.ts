import assert from 'node:assert/strict'
import { test } from 'node:test'
import { read } from './documents.ts'

/**
 * Packages that would like to run something when they are installed. None does here: `.npmrc` says `ignore-scripts`.
 * They are named all the same, since whoever installs them elsewhere may run them.
 */
const NAMED: ReadonlyMap<string, string> = new Map([
  ['esbuild', 'of the tools: looks for its program, which comes in a package of its own'],
  ['lmdb', 'would compile the engine where no ready-made one fits the machine'],
  ['msgpackr-extract', 'the same, of what lmdb may use to read faster'],
])

/** Names of the packages in a lockfile that have install scripts, wherever in the tree they stand. */
function withInstallScripts(lockfile: string): string[] {
  const { packages }: { packages: Record<string, { hasInstallScript?: boolean }> } = JSON.parse(lockfile)
  const paths = Object.keys(packages).filter((path) => packages[path]?.hasInstallScript === true)
  return paths.map((path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
}

test('only named packages have install scripts, and none is run', () => {
  const found = withInstallScripts(read('package-lock.json'))
  assert.deepEqual(
    found.filter((name) => !NAMED.has(name)),
    [],
    'a package that wants to run something when it is installed needs a reason here',
  )
  assert.deepEqual(
    [...NAMED.keys()].filter((name) => !found.includes(name)),
    [],
    'these have none any more',
  )
  assert.match(read('.npmrc'), /^ignore-scripts=true$/m)
})

test('one deep in the tree is found', () => {
  const planted = {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/a/node_modules/@evil/b': { hasInstallScript: true },
    },
  }
  assert.deepEqual(withInstallScripts(JSON.stringify(planted)), ['@evil/b'])
})
