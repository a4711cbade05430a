import assert from 'node:assert/strict'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Attack } from '../attack.ts'
import { NO_SHARES, type Plant } from '../plants.ts'
import { flood, statusOf } from '../tools.ts'

/**
 * What may lie on the disk afterwards: some thousand events of 64 kB, which the history keeps once each. With a copy for
 * each endpoint two hundred events were more.
 */
const FOLDER_BYTES_MAX = 1_000_000_000

/** Each endpoint's mailbox has a copy of its own. */
const ONE_EACH: Plant = {
  file: 'store/embedded/mailboxes/payload-book.js',
  find: 'const SAVED_BYTES_MIN = 4_096',
  put: 'const SAVED_BYTES_MIN = Number.POSITIVE_INFINITY',
}

/** Events near the bound of size, to a hundred endpoints of one's own, each in the place of the one before. */
export const attack: Attack = {
  name: 'collapse',
  protects: 'an event that goes to many endpoints is written once, and its sender waits alone',
  without: { env: NO_SHARES, plants: [ONE_EACH] },
  async run(target, signal) {
    for (let index = 0; index < 100; index++)
      await statusOf(target, target.mallory.token, 'POST /rtc-api/users/endpoints/register', {
        userEndpointId: `endpoint-${index}`,
        keepAliveSeconds: 600,
      })
    const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T12:00:00Z', text: 'x'.repeat(64_000) }
    const body = { userId: 'mallory', qos: 1, event, collapseKey: 'one' }
    const send = () => statusOf(target, target.backendToken, 'POST /rtc-api/users/endpoints/sendEvent', body)
    return flood(16, signal, send)
  },
  async judge(scene) {
    const folder = scene.server.dataDir
    const names = await readdir(folder, { recursive: true })
    // The store works on: what was there may have gone.
    const sizes = await Promise.all(names.map((name) => diskBytes(join(folder, name)).catch(() => 0)))
    const bytes = sizes.reduce((sum, size) => sum + size, 0)
    assert.ok(bytes < FOLDER_BYTES_MAX, `${Math.round(bytes / 1e6)} MB in the data folder`)
  },
}

async function diskBytes(path: string): Promise<number> {
  return (await stat(path)).blocks * 512
}
