import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { test } from 'node:test'
import { eventually, freePort, makeDataDir, startProcess } from '../helpers/run-server.ts'

const LIMIT = 300

/** Connects; resolves once it is connected, or refused, or closed. */
async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

test('a server without a file descriptor left says so, lives on, and serves again', async (t) => {
  const data = await makeDataDir()
  const mqttPort = await freePort()
  const env = { LINKS_MAX: '1000', MQTT_PORT: String(mqttPort) }
  const server = await startProcess(data.path, env, { openFilesMax: LIMIT })
  const sockets: Socket[] = []
  t.after(async () => {
    for (const socket of sockets) socket.destroy()
    await server.kill()
    await data.remove()
  })
  assert.match(server.output(), /"openFilesMax":300,"linksMax":1000,"linksMaxInForce":225/)
  // Of HTTP connections one address has its share: they alone take nobody's.
  for (let n = 0; n < LIMIT; n++) sockets.push(await open(server.port))
  const { hostname } = new URL(server.url)
  const other = connect({ port: server.port, host: hostname, localAddress: '127.0.0.2' })
  sockets.push(other)
  other.write('GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  assert.match(String((await once(other, 'data'))[0]), /^HTTP\/1\.1 200 /)
  assert.doesNotMatch(server.output(), /no file descriptor is left/)

  for (let n = 0; n < LIMIT; n++) sockets.push(await open(mqttPort))
  // One descriptor that a thread gives back is free until somebody comes: so they go on coming.
  await eventually(async () => {
    sockets.push(await open(mqttPort))
    return server.output().includes('no file descriptor is left')
  }, 'it is logged, though accept fails in silence')
  for (const socket of sockets) socket.destroy()
  await eventually(async () => {
    const metrics = await fetch(`${server.url}/metrics`).then(
      (answer) => answer.text(),
      () => '',
    )
    return /^rollcall_descriptors_exhausted_total [1-9]/m.test(metrics)
  }, 'it serves again, and has counted')
  assert.equal(await server.terminate(), 0)
})
