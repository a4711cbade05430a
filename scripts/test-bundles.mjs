import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { RUN_SOURCES, root, runOrExit } from './workspace.mjs'

const CACHE = join(root, '.cache')
const PREFIX = 'tests-'

/**
 * What to run in the place of the sources, as paths from the root.
 * @typedef {object} Bundles
 * @property {readonly string[]} files in the order of the test files
 * @property {string} server what starts the server
 */

/**
 * Makes JavaScript of the test files and of what they import, once for all of them, which takes three seconds: read from
 * the sources, each file's process would ask a loader about every one, a second and a half for the whole server's.
 * It is gone when this process ends (docs/adr/0065).
 *
 * @param {readonly string[]} files paths from the root
 * @param {boolean} isWhole whether they start the server as a process
 * @returns {Bundles}
 */
export function bundleTests(files, isWhole) {
  const folder = `.cache/${PREFIX}${process.pid}`
  process.once('exit', () => rmSync(join(root, folder), { recursive: true, force: true }))
  removeLeftovers()
  const what = isWhole ? 'with-server' : 'tests'
  // Node's runner takes files by their names: numbers keep the order.
  const places = files.map((path, index) => `${String(index).padStart(4, '0')}/${path}`)
  const program = [...RUN_SOURCES, 'test/runner/bundle.ts', folder, what, ...places]
  runOrExit(process.execPath, program, 'The tests could not be compiled')
  return {
    files: places.map((place) => `${folder}/${place.replace(/\.ts$/, '.js')}`),
    server: `${folder}/server-process/main.js`,
  }
}

/** Of runs that were killed. */
function removeLeftovers() {
  mkdirSync(CACHE, { recursive: true })
  for (const name of readdirSync(CACHE)) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length)) : 0
    if (pid > 0 && !isAlive(pid)) rmSync(join(CACHE, name), { recursive: true, force: true })
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
