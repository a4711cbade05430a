import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { openHttp } from '../helpers/http-fixture.ts'
import { eventually } from '../helpers/run-server.ts'

// Six hundred requests at once on connections of their own, each taking the long way, were begun in one turn of the event
// loop: whoever had been served for hours waited a quarter of a second.
test('of many new connections that speak at once only some are begun in one turn of the event loop', async (t) => {
  const { http, listen } = await openHttp(t)
  const { port } = new URL(await listen())
  let accepted = 0
  http.server.on('connection', () => void accepted++)
  const sockets = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const socket = connect(Number(port), '127.0.0.1')
      t.after(() => socket.destroy())
      await once(socket, 'connect')
      return socket
    }),
  )
  await eventually(() => accepted === sockets.length, 'all are there')
  const begunIn = new Map<number, number>()
  let turn = 0
  let isOver = false
  const count = (): void => {
    turn++
    if (!isOver) setImmediate(count)
  }
  count()
  http.server.prependListener('request', () => void begunIn.set(turn, (begunIn.get(turn) ?? 0) + 1))
  for (const socket of sockets) socket.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n')
  await Promise.all(sockets.map((socket) => once(socket, 'data')))
  isOver = true
  const most = Math.max(...begunIn.values())
  assert.ok(most <= 32, `${most} in one turn`)
  assert.equal(
    [...begunIn.values()].reduce((sum, one) => sum + one, 0),
    200,
  )
})
