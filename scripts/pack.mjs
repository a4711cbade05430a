import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ensureBuilt } from './build.mjs'
import { bundleCli } from './bundle.mjs'
import { ensureInstalled } from './install.mjs'
import { withLock } from './lock.mjs'
import { root } from './workspace.mjs'

// `npm run -s pack client ~/my-app`: the package as a registry would have it, as one file in that folder.

/** @type {ReadonlyMap<string, (target: string) => void>} what is in each beside its manifest, README and license */
const PACKAGES = new Map([
  ['client', (target) => cpSync(join(root, 'client/dist'), join(target, 'dist'), { recursive: true })],
  ['cli', (target) => bundleCli(join(target, 'dist/main.js'))],
])

const USAGE = `Usage: npm run -s pack ${[...PACKAGES.keys()].join('|')} [FOLDER]`

/**
 * The manifest without what only means something in the workspace: nobody else has the sources that the condition
 * `source` leads to, nor the packages that were built in.
 * @param {string} name
 */
function manifestOf(name) {
  const {
    private: _private,
    devDependencies: _own,
    ...manifest
  } = JSON.parse(readFileSync(join(root, name, 'package.json'), 'utf8'))
  const dependencies = Object.entries(manifest.dependencies ?? {}).filter(
    ([own]) => !own.startsWith('@rollcall/'),
  )
  delete manifest.dependencies
  if (dependencies.length > 0) manifest.dependencies = Object.fromEntries(dependencies)
  // In the workspace every package is reached by the name of its door; elsewhere by its own.
  if (manifest.exports !== undefined) delete manifest.exports['./client']
  for (const conditions of Object.values(manifest.exports ?? {}))
    if (typeof conditions === 'object') delete conditions.source
  return manifest
}

/**
 * @param {string} name
 * @param {string} target
 */
function stage(name, target) {
  rmSync(target, { recursive: true, force: true })
  mkdirSync(target, { recursive: true })
  PACKAGES.get(name)?.(target)
  for (const file of ['README.md', 'LICENSE']) copyFileSync(join(root, name, file), join(target, file))
  writeFileSync(join(target, 'package.json'), `${JSON.stringify(manifestOf(name), null, 2)}\n`)
}

const [name = '', folder = '.', ...rest] = process.argv.slice(2)
if (!PACKAGES.has(name) || rest.length > 0) {
  process.stderr.write(`${USAGE}\n`)
  process.exit(2)
}
// npm runs scripts in the workspace's folder, wherever it was called.
const destination = resolve(process.env['INIT_CWD'] ?? '.', folder)
if (!existsSync(destination)) {
  process.stderr.write(`There is no folder ${destination}\n`)
  process.exit(2)
}
ensureInstalled()
ensureBuilt([name])
withLock('pack', () => {
  const target = join(root, '.cache/pack', name)
  stage(name, target)
  const { status, stdout, stderr } = spawnSync(
    'npm',
    ['pack', '--silent', '--pack-destination', destination],
    {
      cwd: target,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    },
  )
  process.stderr.write(stderr)
  process.stdout.write(stdout)
  process.exitCode = status ?? 1
})
