import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { createServer } from 'node:tls'
import { connectClient } from '../../../../test/helpers/mqtt-client.ts'
import { openMqtt } from '../../../../test/helpers/mqtt-fixture.ts'
import { readHeaderText } from '../transport/header-text.ts'

const TOKEN = 'alice.access.token'
const SIGN_IN = { username: 'alice', password: TOKEN }
const MARKUP = '<img src=x onerror=alert(1)> "O\'Brien" & co'

async function open(t: TestContext) {
  const fixture = await openMqtt(t)
  fixture.auth.add(TOKEN, 'alice')
  fixture.registrar.add('alice', 'phone')
  return fixture
}

test('who holds a link: client id, protocol, transport, user agent and since when', async (t) => {
  const fixture = await open(t)
  for (const protocolVersion of [4, 5] as const)
    for (const [via, userAgent] of [
      ['ws', MARKUP],
      ['ws', undefined],
      ['tcp', undefined],
    ] as const) {
      const headers = userAgent === undefined ? {} : { 'user-agent': userAgent }
      const options = { ...SIGN_IN, via, protocolVersion, clientId: 'tab-1', wsOptions: { headers } }
      const phone = await connectClient(t, fixture, options)
      await phone.subscribe('users/endpoints/phone')
      await fixture.clock.advance(1_000)
      assert.deepEqual(fixture.delivery.link('phone').peer, {
        clientId: 'tab-1',
        protocol: protocolVersion === 4 ? 'MQTT 3.1.1' : 'MQTT 5.0',
        transport: via === 'ws' ? 'websocket' : 'tcp',
        userAgent,
        connectedAtWallMs: fixture.clock.wallMs() - 1_000,
      })
      await phone.client.endAsync(true)
      await phone.closed()
    }
  assert.ok(!fixture.lines.join('').includes('onerror'), 'no user agent is logged')
  assert.ok(!fixture.lines.join('').includes('tab-1'), 'no client id is logged')
})

test('a client without an id has none in MQTT 3.1.1, and the assigned one in MQTT 5', async (t) => {
  const fixture = await open(t)
  for (const [protocolVersion, expected] of [
    [4, /^$/],
    [5, /^assigned-[\da-f]{32}$/],
  ] as const) {
    const options = { ...SIGN_IN, protocolVersion, clientId: '', clean: true }
    const phone = await connectClient(t, fixture, options)
    await phone.subscribe('users/endpoints/phone')
    assert.match(fixture.delivery.link('phone').peer.clientId, expected)
    await phone.client.endAsync(true)
    await phone.closed()
  }
})

test('a link over TLS says so', async (t) => {
  const fixture = await open(t)
  const read = (file: string) =>
    readFileSync(new URL(`../../../../test/helpers/certificates/first.${file}.pem`, import.meta.url))
  const server = createServer({ cert: read('cert'), key: read('key') })
  await fixture.mqtt.listen(server, '127.0.0.1', 0)
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const options = { ...SIGN_IN, via: 'tcp', protocol: 'mqtts', port: address.port, ca: read('cert') } as const
  const phone = await connectClient(t, fixture, options)
  await phone.subscribe('users/endpoints/phone')
  assert.equal(fixture.delivery.link('phone').peer.transport, 'tls')
})

test('a user agent is text of at most 256 characters, without control characters', () => {
  assert.equal(readHeaderText(undefined), undefined)
  for (const nothing of ['', ' ', '\u0000', '\t\u007f\u0085 '])
    assert.equal(readHeaderText(nothing), undefined)
  assert.equal(readHeaderText('Phone/1.0 (\u0007x\u009by)'), 'Phone/1.0 (xy)')
  assert.equal(readHeaderText(MARKUP), MARKUP)
  assert.equal(readHeaderText('café'), 'café')
  assert.equal(readHeaderText('x'.repeat(16_000)), 'x'.repeat(256))
  assert.equal(readHeaderText(`${'\u0001'.repeat(300)}y`), 'y')
})
