import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Attack } from '../attack.ts'
import { NO_SHARES, type Plant } from '../plants.ts'
import { flood, statusOf } from '../tools.ts'

/**
 * Written to disk for twenty events, each to a hundred endpoints and into the history, and for what the store puts in order
 * meanwhile. A copy for each endpoint would be 128 MB.
 */
const EVENTS = 20
const WRITTEN_BYTES_MAX = 64_000_000

/** Each endpoint's mailbox has a copy of its own. */
const ONE_EACH: Plant = {
  file: 'store/embedded/mailboxes/payload-book.js',
  find: 'const SAVED_BYTES_MIN = 4_096',
  put: 'const SAVED_BYTES_MIN = Number.POSITIVE_INFINITY',
}

const EVENT = { type: 'CallOfferedEvent', timestamp: '2026-01-01T12:00:00Z', text: 'x'.repeat(64_000) }
const BODY = { userId: 'mallory', qos: 1, event: EVENT, collapseKey: 'one' }

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
    const send = () => statusOf(target, target.backendToken, 'POST /rtc-api/users/endpoints/sendEvent', BODY)
    return flood(16, signal, send)
  },
  async judge({ server, target }) {
    if (process.platform !== 'linux') return
    const attacker = await target()
    const before = writtenBytes(server.pid)
    for (let count = 0; count < EVENTS; count++)
      assert.equal(
        await statusOf(attacker, attacker.backendToken, 'POST /rtc-api/users/endpoints/sendEvent', BODY),
        200,
        'its sender is let go on, once it does not send sixteen at a time',
      )
    const written = writtenBytes(server.pid) - before
    assert.ok(written < WRITTEN_BYTES_MAX, `${Math.round(written / 1e6)} MB written for ${EVENTS} events`)
  },
}

/** Bytes that a process has had written to disk (proc(5): `io`). */
function writtenBytes(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1])
}
