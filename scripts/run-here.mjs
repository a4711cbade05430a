import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { ensureInstalled } from './install.mjs'
import { RUN_SOURCES, root } from './workspace.mjs'

/**
 * Runs a program of the sources with this one's arguments, from where npm was called: files are named from there.
 * @param {string} path
 */
export function runHere(path) {
  ensureInstalled()
  const cwd = process.env['INIT_CWD'] ?? root
  const options = RUN_SOURCES.map((option) =>
    // What is imported is found from the program, not from there.
    option === 'tsx' ? import.meta.resolve('tsx') : option,
  )
  const { status } = spawnSync(process.execPath, [...options, join(root, path), ...process.argv.slice(2)], {
    cwd,
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
}
