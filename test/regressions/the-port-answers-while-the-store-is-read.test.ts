import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { it, type TestContext } from 'node:test'
import { WebSocket } from 'ws'
import { systemClock, systemRandom } from '../../server/src/clock/clock.ts'
import { readConfiguration } from '../../server/src/config/config.ts'
import { createLog } from '../../server/src/observe/observe.ts'
import { startServer } from '../../server/src/server.ts'
import { openFolderStore } from '../../server/src/store/embedded/embedded.ts'
import { eventually, freePort, makeDataDir } from '../helpers/run-server.ts'

const NO_PAGES = { console: '/nowhere', ring: '/nowhere' }

/** A server whose store is read until `finish` is called, or the test ends. */
async function startSlowly(t: TestContext) {
  const dataDir = await makeDataDir()
  const [mqttPort, adminPort] = [await freePort(), await freePort()]
  const environment = {
    ...{ DATA_DIR: dataDir.path, PORT: '0', MQTT_PORT: String(mqttPort), ADMIN_PORT: String(adminPort) },
    ...{ DRAIN_SECONDS: '0', ALLOWED_ORIGINS: 'https://app.example' },
  }
  const configuration = readConfiguration(environment, undefined)
  const lines: string[] = []
  const log = createLog('info', { write: (line) => void lines.push(line) })
  let finish = (): void => {}
  const isRead = new Promise<void>((resolve) => {
    finish = resolve
  })
  const server = startServer(configuration, {
    ...{ clock: systemClock(), random: systemRandom(), log, pageFolders: NO_PAGES },
    openStore: async (options) => {
      await isRead
      return openFolderStore(options)
    },
  })
  t.after(async () => {
    finish()
    await (await server).close()
    await dataDir.remove()
  })
  const said = (message: string) => lines.find((line) => line.includes(`"msg":"${message}"`))
  await eventually(() => said('reading the store') !== undefined, 'it listens')
  const url = /"url":"([^"]+)"/.exec(said('reading the store') ?? '')?.[1] ?? ''
  return { url, mqttPort, adminUrl: `http://127.0.0.1:${adminPort}`, finish, server }
}

/** What a CONNECT is answered. */
async function connack(port: number, protocolVersion: 4 | 5): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  const properties = protocolVersion === 5 ? [0] : []
  const body = Buffer.from([
    0,
    4,
    ...Buffer.from('MQTT'),
    protocolVersion,
    2,
    0,
    60,
    ...properties,
    0,
    1,
    0x61,
  ])
  const packet = Buffer.from([0x10, body.length, ...body])
  // In two pieces, as a network may bring it.
  socket.write(packet.subarray(0, 5))
  setTimeout(() => socket.write(packet.subarray(5)), 20)
  const chunks: Buffer[] = []
  for await (const chunk of socket) chunks.push(chunk)
  return Buffer.concat(chunks).toString('hex')
}

/** The status that a WebSocket handshake is refused with. */
async function handshake(url: string): Promise<number | undefined> {
  const link = new WebSocket(`${url.replace('http', 'ws')}/ws`, 'mqtt')
  link.on('error', () => {})
  const [, response] = await once(link, 'unexpected-response')
  response.destroy()
  return response.statusCode
}

it('a server that is reading its store says so at every port, and serves once it has', async (t) => {
  const { url, mqttPort, adminUrl, finish, server } = await startSlowly(t)
  for (const base of [url, adminUrl]) {
    const live = await fetch(`${base}/health/live`)
    assert.deepEqual([live.status, Reflect.get(Object(await live.json()), 'status')], [200, 'live'])
    const ready = await fetch(`${base}/health/ready`)
    assert.deepEqual([ready.status, await ready.json()], [503, { status: 'unavailable', reason: 'starting' }])
  }
  const origin = 'https://app.example'
  const body = JSON.stringify({ padding: 'x'.repeat(100_000) })
  const sent = await fetch(`${url}/rtc-api/users/endpoints/sendEvent`, {
    ...{ method: 'POST', headers: { origin, 'content-type': 'application/json' }, body },
  })
  assert.equal(sent.status, 503)
  assert.equal(sent.headers.get('retry-after'), '1')
  assert.equal(sent.headers.get('access-control-allow-origin'), origin, 'pages can read it')
  assert.equal(sent.headers.get('x-content-type-options'), 'nosniff')
  assert.equal(Reflect.get(Object(await sent.json()), 'error'), 'unavailable')
  assert.equal(await handshake(url), 503)
  assert.equal(await connack(mqttPort, 4), '20020003')
  assert.match(await connack(mqttPort, 5), /^20..0088/)

  finish()
  const running = await server
  assert.equal(running.url, url, 'the port stays')
  for (const base of [url, adminUrl]) assert.equal((await fetch(`${base}/health/ready`)).status, 200)
  assert.equal((await fetch(`${url}/rtc-api/users/endpoints`)).status, 401)
  assert.match(await connack(mqttPort, 4), /^200200(04|05)/, 'it is judged now')
})

it('what is no HTTP or MQTT is let go while the store is read', async (t) => {
  const { url, mqttPort } = await startSlowly(t)
  for (const port of [mqttPort, Number(new URL(url).port)]) {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.write('\0\0\0nonsense\r\n\r\n')
    socket.resume()
    await once(socket, 'close')
  }
  assert.equal((await fetch(`${url}/health/live`)).status, 200)
})
