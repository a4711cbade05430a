import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, it, type TestContext } from 'node:test'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { openHttp } from '../../../../test/helpers/http-fixture.ts'
import { LIMITS_OFF } from '../../../../test/helpers/no-limits.ts'
import { upgradeRequest } from '../../../../test/helpers/raw-link.ts'
import { eventually } from '../../../../test/helpers/run-server.ts'
import { createLimits } from '../../limits/limits.ts'

/** Of which one alone may have half. */
const CONNECTIONS_MAX = 130
const SHARE = 65

async function open(t: TestContext, { trustedProxies = [] as string[], fastLane = true } = {}) {
  const settings = { ...LIMITS_OFF, addressSharePercent: 50, httpConnectionsMax: CONNECTIONS_MAX }
  const limits = createLimits({ settings, clock: createFakeClock() })
  const fixture = await openHttp(t, { limits, settings: { trustedProxies, fastLane } })
  const { port } = new URL(await fixture.listen())
  const sockets: Socket[] = []
  t.after(() => sockets.forEach((socket) => void socket.destroy()))
  let answered = 0
  let closed = 0
  /** Asks something, and stays. */
  const ask = (
    localAddress: string,
    request: string | Buffer = 'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n',
  ): Socket => {
    const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress })
    socket.on('error', () => undefined)
    socket.once('data', () => answered++)
    socket.once('close', () => closed++)
    socket.write(request)
    sockets.push(socket)
    return socket
  }
  const settled = (count: number) => eventually(() => answered + closed >= count, `${count} have settled`)
  const counts = () => [answered, closed]
  return { ...fixture, ask, settled, counts, sockets, pool: limits.ledger.httpConnections }
}

describe('HTTP connections', () => {
  for (const fastLane of [true, false])
    it(`of one address take half of what is free, and idle ones count (${fastLane ? 'lane' : 'no lane'})`, async (t) => {
      const { ask, settled, counts, sockets, pool } = await open(t, { fastLane })
      for (let count = 0; count < SHARE + 5; count++) ask('127.0.0.2')
      await settled(SHARE + 5)
      assert.deepEqual(counts(), [SHARE, 5])
      ask('127.0.0.3')
      await settled(SHARE + 6)
      assert.deepEqual(counts(), [SHARE + 1, 5])
      for (const socket of sockets) socket.destroy()
      await eventually(() => pool.figures.used === 0, 'all are given back')
    })

  it('of a trusted proxy take all, since everybody is behind it', async (t) => {
    const { ask, settled, counts } = await open(t, { trustedProxies: ['127.0.0.2'] })
    for (let count = 0; count < CONNECTIONS_MAX + 1; count++) ask('127.0.0.2')
    await settled(CONNECTIONS_MAX + 1)
    assert.deepEqual(counts(), [CONNECTIONS_MAX, 1])
  })

  it('that became something else count no longer', async (t) => {
    const { ask, http, pool } = await open(t)
    const taken: Duplex[] = []
    http.onWebSocket((_request, socket) => void taken.push(socket))
    ask('127.0.0.2', upgradeRequest())
    await eventually(() => taken.length === 1, 'it was handed over')
    assert.equal(pool.figures.used, 0)
    taken[0]?.destroy()
  })
})
