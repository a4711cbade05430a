import assert from 'node:assert/strict'
import type { Attack } from '../attack.ts'
import { NO_BILL, NO_LINE, NO_SHARES, NO_TURNS, type Plant } from '../plants.ts'
import type { Scene } from '../scene.ts'
import { pause, pipeline, requestBytes, statusOf } from '../tools.ts'

/** A server of this suite takes some 200 MB; what waits for somebody who does not read must not double it. */
const MEMORY_BYTES_MAX = 400_000_000

/** Looked at until the attack is nearly over: afterwards what waited is gone. */
async function during(scene: Scene): Promise<void> {
  for (let looks = 0; looks < 7; looks++) {
    const bytes = await scene.memoryBytes()
    assert.ok(bytes < MEMORY_BYTES_MAX, `${Math.round(bytes / 1e6)} MB resident`)
    await pause(250)
  }
}

/** History pages that are asked for without an end, on four connections, and never read. */
export const attack: Attack = {
  name: 'unread',
  protects: 'answers that nobody reads do not fill the memory',
  isMeasured: true,
  without: { env: { ...NO_BILL, ...NO_SHARES }, plants: [NO_LINE, NO_TURNS] },
  async run(target, signal) {
    const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T12:00:00Z', text: 'x'.repeat(20_000) }
    const body = { userId: 'mallory', qos: 1, event }
    await statusOf(target, target.mallory.token, 'POST /rtc-api/users/endpoints/register', {
      keepAliveSeconds: 600,
    })
    for (let count = 0; count < 50; count++)
      await statusOf(target, target.backendToken, 'POST /rtc-api/users/endpoints/sendEvent', body)
    const request = requestBytes('GET', '/rtc-api/events?limit=50', target.backendToken)
    return await Promise.all(
      Array.from({ length: 4 }, () => pipeline(target, signal, request, { isRead: false, requestsMax: 250 })),
    )
  },
  during,
}

/** Metrics are made anew for everybody who asks. */
const EACH_ANEW: Plant = {
  file: 'http/routes/metrics.js',
  find: 'nowMs - madeAtMs < freshMs',
  put: 'nowMs - madeAtMs < 0',
}

/** The same by nobody: pages and metrics that anyone may ask for. */
export const anonymous: Attack = {
  name: 'unread-anonymous',
  protects: 'answers for strangers who do not read them do not fill the memory',
  isMeasured: true,
  without: { plants: [NO_LINE, EACH_ANEW] },
  async run(target, signal) {
    const paths = ['/docs', '/metrics', '/console/', '/rtc-api/openapi.json']
    await pause(10)
    return await Promise.all(
      Array.from({ length: 16 }, (_, index) => {
        const request = requestBytes('GET', paths[index % paths.length] ?? '/', undefined)
        return pipeline(target, signal, request, { isRead: false, requestsMax: 5_000 })
      }),
    )
  },
  during,
}
