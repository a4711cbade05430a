import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, realpathSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

// Everything under scripts/ runs before anything is installed: Node's own modules only.

/** The repository's root folder. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** Options under which Node runs the TypeScript sources as they stand. */
export const RUN_SOURCES = ['-C', 'source', '--import', 'tsx']

/**
 * Tells whether the module is what Node was asked to run, as against imported by another script.
 * @param {string} moduleUrl
 */
export function isMain(moduleUrl) {
  // The checkout may be reached through a link; a module's own address is always the real one.
  return process.argv[1] !== undefined && fileURLToPath(moduleUrl) === realpathSync(process.argv[1])
}

/**
 * Files under `folder`, as paths from the root with forward slashes, sorted.
 * @param {string} folder
 * @returns {string[]}
 */
export function filesUnder(folder) {
  const top = join(root, folder)
  if (!existsSync(top)) return []
  return readdirSync(top, { withFileTypes: true })
    .flatMap((entry) => {
      const path = relative(root, join(top, entry.name)).split(sep).join('/')
      if (!entry.isDirectory()) return [path]
      return entry.name === 'node_modules' || entry.name === 'dist' ? [] : filesUnder(path)
    })
    .sort()
}

/**
 * Runs a program to its end. Its output goes to stderr, so that stdout stays the caller's.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {string} failure what to say where it fails
 */
export function runOrExit(program, args, failure) {
  const { status, error } = spawnSync(program, args, {
    cwd: root,
    stdio: ['ignore', process.stderr, process.stderr],
    shell: process.platform === 'win32' && program === 'npm',
  })
  if (status === 0) return
  process.stderr.write(`\n${failure}${error === undefined ? '' : `: ${error.message}`}\n`)
  process.exit(1)
}
