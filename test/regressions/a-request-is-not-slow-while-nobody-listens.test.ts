import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { dial } from '../helpers/ask.ts'
import { openHttp } from '../helpers/http-fixture.ts'

const BODY = '{"keepAliveSeconds":5}'
const LINE = 'POST /rtc-api/users/endpoints HTTP/1.1\r\n'
const HEADERS = `Host: x\r\nAuthorization: Bearer alice\r\nContent-Type: application/json\r\nContent-Length: ${BODY.length}\r\n\r\n`

async function status(socket: Socket): Promise<string> {
  const [chunk]: Buffer[] = await once(socket, 'data')
  return String(chunk).slice(9, 12)
}

test('headers that were begun before a standstill of a minute may be finished after it', async (t) => {
  const { listen, clock, refused } = await openHttp(t)
  const socket = await dial(t, await listen())
  socket.write(LINE)
  await clock.advance(8_000)
  await clock.stall(60_000)
  await clock.advance(500)
  assert.deepEqual(refused, [])
  socket.write(HEADERS + BODY)
  assert.equal(await status(socket), '200')
})

test('a body too', async (t) => {
  const { listen, clock, refused } = await openHttp(t)
  const socket = await dial(t, await listen())
  socket.write(LINE + HEADERS)
  await clock.advance(28_000)
  await clock.stall(60_000)
  await clock.advance(500)
  assert.deepEqual(refused, [])
  socket.write(BODY)
  assert.equal(await status(socket), '200')
})

test('without a standstill the bounds are what they were, for the second request of a connection too', async (t) => {
  const { listen, clock, refused } = await openHttp(t)
  const socket = await dial(t, await listen())
  socket.write(LINE + HEADERS + BODY)
  assert.equal(await status(socket), '200')
  await clock.advance(60_000)
  assert.deepEqual(refused, [], 'idle is not slow')
  socket.write(LINE)
  await clock.advance(8_000)
  assert.deepEqual(refused, [])
  const late = status(socket)
  await clock.advance(6_000)
  assert.equal(await late, '408')
  assert.deepEqual(refused, ['request_timeout'])
})
