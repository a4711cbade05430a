import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { bundleSdk, SDK_FILE } from './bundle.mjs'
import { inlineProtocol } from './inline-protocol.mjs'
import { ensureInstalled } from './install.mjs'
import { withLock } from './lock.mjs'
import { fingerprint, readStamp, writeStamp } from './stamp.mjs'
import { filesUnder, isMain, root, runOrExit } from './workspace.mjs'

/**
 * Each package with those whose declarations it sees, in the order of building.
 * @type {ReadonlyMap<string, readonly string[]>}
 */
const PACKAGES = new Map([
  ['protocol', []],
  ['client', ['protocol']],
  ['server', ['protocol']],
  ['bench', ['protocol', 'client']],
  ['cli', ['protocol', 'client']],
  ['console', ['protocol', 'client']],
  ['examples/ring', ['protocol', 'client']],
])

/** Programs, which `npx rollcall-server` and the like run in a clone: npm links to none that is not built yet. */
const PROGRAMS = ['server', 'cli']

/** What is packed and installed elsewhere, where there is no protocol package: its own copy is in it. */
const PACKED = ['client']

/** Web pages, which vite bundles; the others are compiled file by file. */
const PAGES = ['console', 'examples/ring']

/**
 * Compiles the packages, and what they depend on, into their `dist/`: those whose sources are not the ones that
 * were built last.
 * @param {readonly string[]} names
 */
export function ensureBuilt(names) {
  const needed = new Set(names.flatMap((name) => [...seenBy(name), name]))
  const missing = () => [...PACKAGES.keys()].filter((name) => needed.has(name) && !isBuilt(name))
  if (missing().length === 0) return
  withLock('build', () => {
    for (const name of missing()) build(name)
  })
}

/** @param {string} name */
function seenBy(name) {
  return PACKAGES.get(name) ?? []
}

/** @param {string} name */
function isBuilt(name) {
  return existsSync(join(root, name, 'dist')) && readStamp(stampOf(name)) === wantedStamp(name)
}

/** @param {string} name */
function stampOf(name) {
  return `.cache/build-${name.replace('/', '-')}.stamp`
}

/** @param {string} name */
function wantedStamp(name) {
  return fingerprint([
    ...[...seenBy(name), name].flatMap(sourcesOf),
    ...(PAGES.includes(name) ? [] : [`${name}/package.json`, `${name}/tsconfig.build.json`]),
    'tsconfig.base.json',
    'package-lock.json',
    'scripts/build.mjs',
    'scripts/bundle.mjs',
    'scripts/inline-protocol.mjs',
  ])
}

/** @param {string} name */
function sourcesOf(name) {
  const folder = PAGES.includes(name) ? name : `${name}/src`
  return filesUnder(folder).filter((path) => !path.endsWith('.test.ts'))
}

/** @param {string} name */
function build(name) {
  process.stderr.write(`Building ${name}/ …\n`)
  const stamp = wantedStamp(name)
  // Removed first, so that nothing stays of a source that is gone.
  for (const old of [stampOf(name), `${name}/dist`]) rmSync(join(root, old), { recursive: true, force: true })
  if (PAGES.includes(name)) bundle(name)
  else compile(name)
  writeStamp(stampOf(name), stamp)
}

/** @param {string} name */
function compile(name) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  runOrExit(process.execPath, [tsc, '-p', `${name}/tsconfig.build.json`], `Building ${name}/ failed`)
  for (const asset of sourcesOf(name).filter((path) => !path.endsWith('.ts'))) copyToDist(name, asset)
  if (PROGRAMS.includes(name)) link(name)
  if (!PACKED.includes(name)) return
  inlineProtocol(name)
  bundleSdk(SDK_FILE)
}

/** @param {string} name */
function link(name) {
  const program = join(root, name, 'dist/main.js')
  chmodSync(program, 0o755)
  const { bin } = JSON.parse(readFileSync(join(root, name, 'package.json'), 'utf8'))
  const links = join(root, 'node_modules/.bin')
  for (const called of Object.keys(bin)) {
    rmSync(join(links, called), { force: true })
    symlinkSync(relative(links, program), join(links, called))
  }
}

/** @param {string} name */
function bundle(name) {
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  runOrExit(process.execPath, [vite, 'build', name, '--logLevel', 'warn'], `Building ${name}/ failed`)
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
  ensureBuilt([...PACKAGES.keys()])
}
