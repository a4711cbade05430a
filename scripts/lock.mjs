import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from './workspace.mjs'

const LOCK_WAIT_MS = 600_000
const LOCK_POLL_MS = 200

/**
 * Runs `action` while no other process of this checkout does the same: two servers started together must
 * not both install or build. A lock left by a process that is gone is taken over.
 * @param {string} name
 * @param {() => void} action
 */
export function withLock(name, action) {
  const path = join(root, '.cache', `${name}.lock`)
  mkdirSync(dirname(path), { recursive: true })
  const giveUpAtMs = Date.now() + LOCK_WAIT_MS
  while (!takeLock(path)) {
    if (Date.now() > giveUpAtMs) throw new Error(`${path} is held by a process that does not finish`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_POLL_MS)
  }
  const release = () => rmSync(path, { force: true })
  process.once('exit', release)
  try {
    action()
  } finally {
    release()
    process.off('exit', release)
  }
}

/** @param {string} path */
function takeLock(path) {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx' })
    return true
  } catch {
    if (!isHeld(path)) rmSync(path, { force: true })
    return false
  }
}

/** @param {string} path */
function isHeld(path) {
  try {
    const holder = Number(readFileSync(path, 'utf8'))
    // Empty for the instant between its creation and its first write.
    if (holder !== 0) process.kill(holder, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
