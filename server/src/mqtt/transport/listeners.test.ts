import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { test } from 'node:test'
import { connect, createServer as createTlsServer } from 'node:tls'
import { generate } from 'mqtt-packet'
import { openMqtt } from '../../../../test/helpers/mqtt-fixture.ts'
import { RawLink } from '../../../../test/helpers/raw-link.ts'

const TOKEN = 'alice.access.token'

const certificate = (name: string) => {
  const read = (file: string) =>
    readFileSync(new URL(`../../../../test/helpers/certificates/${name}.${file}.pem`, import.meta.url))
  return { cert: read('cert'), key: read('key') }
}
const FIRST = certificate('first')
const SECOND = certificate('second')

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : assert.fail()
}

/** Connects by TLS, trusting both certificates, and returns the fingerprint of the one it was shown. */
async function handshake(port: number): Promise<{ readonly link: RawLink; readonly fingerprint: string }> {
  const ca = [FIRST.cert, SECOND.cert]
  const socket = connect({ port, host: '127.0.0.1', ca })
  await once(socket, 'secureConnect')
  return { link: new RawLink(socket), fingerprint: socket.getPeerCertificate().fingerprint256 }
}

test('MQTT over TLS, with a certificate that is renewed meanwhile', async (t) => {
  const fixture = await openMqtt(t)
  fixture.auth.add(TOKEN, 'alice')
  const server = createTlsServer({ ...FIRST, handshakeTimeout: 10_000 })
  await fixture.mqtt.listen(server, '127.0.0.1', 0)
  const first = await handshake(portOf(server))
  server.setSecureContext(SECOND)
  const second = await handshake(portOf(server))
  assert.notEqual(first.fingerprint, second.fingerprint)
  const credentials = { username: 'alice', password: Buffer.from(TOKEN), clean: true }
  for (const [index, { link }] of [first, second].entries()) {
    link.send(generate({ cmd: 'connect', protocolVersion: 4, clientId: `phone-${index}`, ...credentials }))
    assert.equal((await link.read(4)).toString('hex'), '20020000')
  }
  assert.equal(fixture.mqtt.linkCount(), 2)
  await fixture.mqtt.close()
  await Promise.all([first.link.closed, second.link.closed])
  assert.equal(server.listening, false)
})

test('a port that is taken is the caller’s to hear of', async (t) => {
  const fixture = await openMqtt(t)
  await assert.rejects(fixture.mqtt.listen(createServer(), '127.0.0.1', fixture.tcpPort), {
    code: 'EADDRINUSE',
  })
})
