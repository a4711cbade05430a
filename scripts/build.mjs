import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { ensureInstalled } from './install.mjs'
import { withLock } from './lock.mjs'
import { fingerprint, readStamp, writeStamp } from './stamp.mjs'
import { filesUnder, isMain, root, runOrExit } from './workspace.mjs'

/** Each sees the declarations of those before it. */
const PACKAGES = ['protocol', 'client', 'server', 'bench']
const STAMP = '.cache/build.stamp'

/** Compiles every package into its `dist/`, where the sources differ from those of the last build. */
export function ensureBuilt() {
  if (isBuilt()) return
  withLock('build', () => {
    if (isBuilt()) return
    process.stderr.write('Building …\n')
    const stamp = wantedStamp()
    rmSync(join(root, STAMP), { force: true })
    for (const name of PACKAGES) build(name)
    writeStamp(STAMP, stamp)
  })
}

function isBuilt() {
  return (
    PACKAGES.every((name) => sourcesOf(name).length === 0 || existsSync(join(root, name, 'dist'))) &&
    readStamp(STAMP) === wantedStamp()
  )
}

function wantedStamp() {
  const configuration = PACKAGES.flatMap((name) => [`${name}/package.json`, `${name}/tsconfig.build.json`])
  return fingerprint([
    ...PACKAGES.flatMap(sourcesOf),
    ...configuration,
    'tsconfig.base.json',
    'package-lock.json',
    'scripts/build.mjs',
  ])
}

/** @param {string} name */
function sourcesOf(name) {
  return filesUnder(`${name}/src`).filter((path) => !path.endsWith('.test.ts'))
}

/** @param {string} name */
function build(name) {
  // Removed first, so that nothing stays of a source that is gone.
  rmSync(join(root, name, 'dist'), { recursive: true, force: true })
  const sources = sourcesOf(name)
  if (sources.length === 0) return
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  runOrExit(process.execPath, [tsc, '-p', `${name}/tsconfig.build.json`], `Building ${name}/ failed`)
  for (const asset of sources.filter((path) => !path.endsWith('.ts'))) copyToDist(name, asset)
}

/**
 * @param {string} name
 * @param {string} asset
 */
function copyToDist(name, asset) {
  const target = join(root, name, 'dist', asset.slice(`${name}/src/`.length))
  mkdirSync(dirname(target), { recursive: true })
  copyFileSync(join(root, asset), target)
}

if (isMain(import.meta.url)) {
  ensureInstalled()
  ensureBuilt()
}
