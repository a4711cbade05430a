import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { it } from 'node:test'
import { startCuttableProxy } from './cuttable-proxy.ts'
import { eventually } from './run-server.ts'

it('passes bytes, holds them back, passes what it held, and cuts', async (t) => {
  const echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket)).listen(
    0,
    '127.0.0.1',
  )
  t.after(() => void echo.close())
  await once(echo, 'listening')
  const address = echo.address()
  assert.ok(address !== null && typeof address === 'object')
  const proxy = await startCuttableProxy(address.port)
  t.after(() => proxy.close())

  let text = ''
  const socket = connect(proxy.port, '127.0.0.1').on('data', (chunk) => {
    text += chunk.toString()
  })
  socket.write('a')
  await eventually(() => text === 'a', 'the echo')
  proxy.stall()
  socket.write('b')
  const late = connect(proxy.port, '127.0.0.1').on('data', (chunk) => {
    text += chunk.toString()
  })
  late.write('c')
  await eventually(() => proxy.openCount() === 2, 'it may connect')
  assert.equal(text, 'a')
  proxy.restore()
  await eventually(() => text.length === 3, 'what was held back')

  const ended = once(socket, 'close')
  proxy.cut()
  await ended
  const refused = connect(proxy.port, '127.0.0.1').on('error', () => undefined)
  await once(refused, 'close')
  assert.equal(proxy.openCount(), 0)
})
