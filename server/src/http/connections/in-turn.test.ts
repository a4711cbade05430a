import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { openRaw } from '../../../../test/helpers/raw-link.ts'
import { inTurn, UNDER_WAY_MAX, WAITING_MAX } from './in-turn.ts'

/** A server that answers when it is told to. */
async function open(t: TestContext, answer?: (response: ServerResponse, path: string) => void) {
  const begun: { readonly path: string; readonly response: ServerResponse }[] = []
  const server = createServer(
    inTurn((request, response) => {
      const path = request.url ?? ''
      begun.push({ path, response })
      answer?.(response, path)
    }),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { begun, port: (server.address() as AddressInfo).port }
}

const requests = (count: number, from = 0): Buffer =>
  Buffer.from(
    Array.from({ length: count }, (_, index) => `GET /${from + index} HTTP/1.1\r\nHost: x\r\n\r\n`).join(''),
  )

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

async function until(check: () => boolean): Promise<void> {
  while (!check()) await turn()
}

test('few requests of a connection are begun at a time, all are answered, in their order', async (t) => {
  const { begun, port } = await open(t)
  const link = await openRaw(t, port)
  link.send(requests(40))
  await until(() => begun.length === UNDER_WAY_MAX)
  for (let rounds = 0; rounds < 20; rounds++) await turn()
  assert.equal(begun.length, UNDER_WAY_MAX)
  for (let index = 0; index < 40; index++) {
    await until(() => begun[index] !== undefined)
    begun[index]?.response.end(`answer ${begun[index]?.path};`)
  }
  const text = await link.readUntil('answer /39;')
  const paths = [...text.matchAll(/answer \/(\d+);/g)].map(([, path]) => Number(path))
  assert.deepEqual(
    paths,
    Array.from({ length: 40 }, (_, index) => index),
  )
  link.send(requests(3, 40))
  await until(() => begun.length === 43)
})

test('a connection whose peer does not read has its next requests wait', async (t) => {
  const { begun, port } = await open(t, (response) => response.end(Buffer.alloc(4_000_000, 'x')))
  const socket = connect({ port, host: '127.0.0.1' })
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  socket.pause()
  socket.write(requests(30))
  await until(() => begun.length > 0)
  for (let rounds = 0; rounds < 50; rounds++) await turn()
  assert.ok(begun.length <= 2, `${begun.length} answers were made`)
  socket.resume()
  await until(() => begun.length === 30)
})

test('who floods is cut off, and nobody else', async (t) => {
  const { begun, port } = await open(t)
  const flooding = await openRaw(t, port)
  const other = await openRaw(t, port)
  flooding.send(requests(UNDER_WAY_MAX + WAITING_MAX + 1))
  await flooding.closed
  assert.equal(begun.length, UNDER_WAY_MAX)
  other.send(requests(1, 1000))
  await until(() => begun.at(-1)?.path === '/1000')
  begun.at(-1)?.response.end('ok!')
  await other.readUntil('ok!')
})

test('a request with a body is waited for and read whole when its turn comes', async (t) => {
  const bodies: string[] = []
  const server = createServer(
    inTurn(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += String(chunk)
      bodies.push(body)
      setImmediate(() => response.end('done'))
    }),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const link = await openRaw(t, (server.address() as AddressInfo).port)
  const post = (body: string) => `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const wanted = Array.from({ length: 30 }, (_, index) => `${index}`.padEnd(20_000, '.'))
  link.send(Buffer.from(wanted.map(post).join('')))
  await until(() => bodies.length === 30)
  assert.deepEqual(bodies, wanted)
})
