import assert from 'node:assert/strict'
import type { Attack } from '../attack.ts'
import { NO_SHARES, type Plant } from '../plants.ts'
import { openSocket, pause, requestBytes, statusOf, Tally, until } from '../tools.ts'

/** Senders that wait for receipts which never come, until nobody else may wait. */
export const waiters: Attack = {
  name: 'waiters',
  // The victim's own sends wait for receipts: one that is refused is a fault.
  protects: 'who waits for receipts by the thousand leaves the others their wait',
  env: { RECEIPT_WAITERS_MAX: '200' },
  without: { env: NO_SHARES },
  async run(target, signal) {
    const { token } = target.mallory
    const tally = new Tally()
    const register = { userEndpointId: 'deaf', keepAliveSeconds: 600 }
    await statusOf(target, token, 'POST /rtc-api/users/endpoints/register', register)
    const body = {
      userId: 'mallory',
      qos: 1,
      event: { type: 'CallOfferedEvent', timestamp: '2026-01-01T12:00:00Z' },
      graceMs: 30_000,
      collapseKey: 'one',
    }
    const wait = () =>
      statusOf(
        target,
        token,
        'POST /rtc-api/users/endpoints/sendEvent',
        { ...body, collapseKey: undefined, graceMs: 30_000 },
        { prefer: 'wait=30' },
      )
    const all = Array.from({ length: 600 }, async () => tally.count(await wait()))
    await Promise.race([Promise.allSettled(all), until(signal)])
    await until(signal)
    return tally
  },
}

/** What is announced holds room from the beginning. */
const AS_ANNOUNCED: Plant = {
  file: 'http/bodies/bulk-bytes.js',
  find: 'const releases = [];',
  put: `const announced = Number(request.headers['content-length'])
    const whole = limits.ledger.bulkBytes.take(holder, announced)
    if (whole === undefined) return done(noRoom())
    const releases = [whole];`,
}

/** Of these so many fit that nothing is left. */
const ANNOUNCED_BYTES = [16_777_216, 1_048_576, 65_536, 4_096]

/** Bulk requests that announce all that there is room for, and send a byte. */
export const bulk: Attack = {
  name: 'bulk',
  protects: 'bulk requests that never come hold no room',
  without: { env: NO_SHARES, plants: [AS_ANNOUNCED] },
  async run(target, signal) {
    const tally = new Tally()
    while (!signal.aborted) {
      for (const token of [target.mallory.token, target.backendToken, target.insider.token])
        for (const bytes of ANNOUNCED_BYTES) announce(token, bytes)
      await pause(200)
    }
    return tally

    function announce(token: string, bytes: number): void {
      const head = requestBytes('POST', '/rtc-api/users/endpoints/sendEvents', token, ' '.repeat(10))
      const announced = head.toString().trimEnd().replace('Content-Length: 10', `Content-Length: ${bytes}`)
      const socket = openSocket(target, signal)
      socket.once('data', (chunk) => tally.count(chunk.toString('latin1', 9, 12))).resume()
      tally.count('announced')
      socket.write(`${announced}\r\n\r\n[`)
    }
  },
  async during({ server }, { backendToken }) {
    const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T12:00:00Z' }
    const response = await fetch(`${server.url}/rtc-api/users/endpoints/sendEvents`, {
      method: 'POST',
      headers: { authorization: `Bearer ${backendToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(Array.from({ length: 100 }, () => ({ userId: 'vera', qos: 1, event }))),
    })
    assert.equal(response.status, 200, await response.text())
  },
}
