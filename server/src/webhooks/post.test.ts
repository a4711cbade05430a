import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { judgeAddresses } from './address.ts'
import { HttpReceiver } from './post.ts'

const MESSAGE = { body: Buffer.from('{"events":[]}'), headers: { 'content-type': 'application/json' } }
const LOOPBACK = ['127.0.0.0/8', '::1']

function open(
  test: TestContext,
  allowed = LOOPBACK,
  names: ReadonlyMap<string, readonly string[]> = new Map(),
) {
  const clock = createFakeClock()
  const asked: string[] = []
  const resolve = async (host: string): Promise<readonly string[]> => {
    asked.push(host)
    return names.get(host) ?? Promise.reject(new Error('no such name'))
  }
  const receiver = new HttpReceiver({ addresses: judgeAddresses(allowed), resolve, clock })
  test.after(() => receiver.close())
  const post = (url: string) => receiver.post(url, MESSAGE, new AbortController().signal)
  return { post, clock, asked }
}

async function listen(test: TestContext, server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  test.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function serve(test: TestContext, listener: RequestListener): Promise<string> {
  return `http://127.0.0.1:${await listen(test, createServer(listener))}`
}

test('2xx is success, everything else says which status it was, and no redirect is followed', async (test) => {
  const paths: string[] = []
  const url = await serve(test, (request, response) => {
    paths.push(request.url ?? '')
    response.writeHead(Number(request.url?.slice(1)), { location: '/200' }).end('x')
  })
  const { post } = open(test)
  for (const status of [200, 202, 204]) assert.equal(await post(`${url}/${status}`), undefined)
  for (const status of [301, 302, 307, 308, 400, 404, 410, 429, 500, 503])
    assert.equal(await post(`${url}/${status}`), `status_${status}`)
  assert.equal(paths.length, 13)
})

test('the message arrives whole, over a connection that is kept', async (test) => {
  const seen: unknown[] = []
  const ports = new Set<number | undefined>()
  const url = await serve(test, async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    ports.add(request.socket.remotePort)
    const { 'content-type': type, 'content-length': length } = request.headers
    seen.push([request.method, type, length, Buffer.concat(chunks).toString()])
    response.end()
  })
  const { post } = open(test)
  await post(url)
  await post(url)
  assert.deepEqual(seen[0], ['POST', 'application/json', '13', '{"events":[]}'])
  assert.deepEqual(seen[0], seen[1])
  assert.equal(ports.size, 1)
})

test('a kept connection that the receiver has closed meanwhile is no failure', async (test) => {
  let requests = 0
  const url = await serve(test, (request, response) => {
    requests++
    // The second request on a connection finds it reset.
    if (requests === 2) request.socket.resetAndDestroy()
    else response.end()
  })
  const { post } = open(test)
  assert.equal(await post(url), undefined)
  assert.equal(await post(url), undefined)
  assert.equal(requests, 3)
})

test('a receiver that hangs is left after 10 s; one that has answered has answered', async (test) => {
  let begin = () => {}
  const begun = () => new Promise<void>((resolve) => (begin = resolve))
  const url = await serve(test, (request, response) => {
    if (request.url === '/body') response.write('so far', () => begin())
    else begin()
  })
  const { post, clock } = open(test)
  for (const [path, outcome] of [
    ['', 'timeout'],
    ['/body', undefined],
  ] as const) {
    const arrived = begun()
    const answer = post(url + path)
    await arrived
    // The head of the answer has to come in first.
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(10_000)
    assert.equal(await answer, outcome)
  }
  assert.equal(clock.pending(), 0)
})

test('an answer without end is cut short', async (test) => {
  const url = await serve(test, (_request, response) => {
    const more = (): void => {
      if (response.destroyed) return
      response.write(Buffer.alloc(8192), () => setImmediate(more))
    }
    more()
  })
  const { post } = open(test)
  assert.equal(await post(url), undefined)
})

test('garbage, and what does not even talk, has a name of its own', async (test) => {
  const { post } = open(test)
  const garbage = await listen(
    test,
    createTcpServer((socket) => void socket.end('SSH-2.0-nonsense\r\n\r\n')),
  )
  assert.equal(await post(`http://127.0.0.1:${garbage}`), 'bad_answer')
  const silent = await listen(
    test,
    createTcpServer((socket) => void socket.once('data', () => socket.destroy())),
  )
  assert.equal(await post(`http://127.0.0.1:${silent}`), 'connection_failed')
  const closed = createServer()
  const port = await listen(test, closed)
  closed.close()
  assert.equal(await post(`http://127.0.0.1:${port}`), 'connection_refused')
})

test('a certificate that nobody vouches for is refused', async (test) => {
  const file = (name: string) =>
    readFileSync(new URL(`../../../test/helpers/certificates/${name}`, import.meta.url))
  const server = createTlsServer({ cert: file('first.cert.pem'), key: file('first.key.pem') })
  const port = await listen(test, server)
  assert.equal(await open(test).post(`https://127.0.0.1:${port}`), 'certificate_refused')
})

test('no address is connected to that is not allowed, whatever name it goes by', async (test) => {
  let connections = 0
  const server = createServer((_request, response) => response.end())
  server.on('connection', () => connections++)
  const port = await listen(test, server)
  const names = new Map([
    ['inside.example', ['127.0.0.1']],
    ['mapped.example', ['::ffff:127.0.0.1']],
    ['metadata.example', ['169.254.169.254', 'fe80::1']],
    ['outside.example', ['1.1.1.1']],
  ])
  const { post, asked } = open(test, ['10.0.0.0/8'], names)
  for (const host of [
    '127.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '2130706433',
    '0x7f.1',
    '0',
    ...names.keys(),
  ])
    assert.equal(await post(`http://${host}:${port}`), 'address_refused', host)
  for (const host of ['127.0.0.1', 'inside.example', 'mapped.example', 'metadata.example'])
    assert.equal(await post(`https://${host}:${port}`), 'address_refused', host)
  assert.equal(await post(`http://unknown.example:${port}`), 'name_not_resolved')
  assert.equal(connections, 0)
  assert(asked.includes('inside.example'))
})

test('a name is judged anew for each connection, and of its addresses only those allowed are used', async (test) => {
  const names = new Map([['hook.example', ['169.254.169.254', '127.0.0.1']]])
  const url = new URL(
    await serve(test, (_request, response) => void response.setHeader('connection', 'close').end()),
  )
  url.hostname = 'hook.example'
  const { post, asked } = open(test, LOOPBACK, names)
  assert.equal(await post(url.href), undefined)
  names.set('hook.example', ['192.168.0.1'])
  assert.equal(await post(url.href), 'address_refused')
  assert.equal(asked.length, 2)
})

test('a message that is called off fails', async (test) => {
  const url = await serve(test, () => undefined)
  const receiver = new HttpReceiver({
    addresses: judgeAddresses(LOOPBACK),
    resolve: async () => [],
    clock: createFakeClock(),
  })
  const abort = new AbortController()
  const answer = receiver.post(url, MESSAGE, abort.signal)
  abort.abort()
  assert.equal(await answer, 'connection_failed')
  receiver.close()
})
