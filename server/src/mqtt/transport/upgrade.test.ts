import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMqtt } from '../../../../test/helpers/mqtt-fixture.ts'
import { openRaw, upgradeRequest } from '../../../../test/helpers/raw-link.ts'
import { allowOrigins } from '../../config/config.ts'

for (const [origin, host, allowed, status] of [
  ['', 'rollcall.example', [], 101],
  ['https://rollcall.example', 'rollcall.example', [], 101],
  ['https://ROLLCALL.example:8443', 'rollcall.EXAMPLE:8443', [], 101],
  ['https://rollcall.example', 'rollcall.example:8443', [], 403],
  ['https://evil.example', 'rollcall.example', [], 403],
  ['https://rollcall.example.evil.example', 'rollcall.example', [], 403],
  ['null', 'rollcall.example', [], 403],
  ['https://app.example', 'rollcall.example', ['https://app.example'], 101],
  ['http://app.example', 'rollcall.example', ['https://app.example'], 403],
  ['https://evil.example', 'rollcall.example', ['*'], 101],
] as const)
  test(`origin ${origin || 'absent'} at ${host}, allowed ${allowed.join() || 'none'}: ${status}`, async (t) => {
    const fixture = await openMqtt(t, { allowedOrigins: allowOrigins(allowed) })
    const web = await openRaw(t, fixture.httpPort)
    web.send(upgradeRequest('/ws', { Origin: origin, Host: host }))
    assert.match(await web.readUntil('\r\n'), new RegExp(`^HTTP/1.1 ${status} `))
  })

for (const [what, path, headers, status] of [
  ['another path', '/other', {}, 404],
  ['a query', '/ws?access_token=x', {}, 101],
  ['MQTT 3.1 offered as well', '/ws', { 'Sec-WebSocket-Protocol': 'mqttv3.1, mqtt' }, 101],
  ['no sub-protocol', '/ws', { 'Sec-WebSocket-Protocol': '' }, 400],
  ['another sub-protocol', '/ws', { 'Sec-WebSocket-Protocol': 'stomp' }, 400],
  ['no key', '/ws', { 'Sec-WebSocket-Key': '' }, 400],
  ['another version', '/ws', { 'Sec-WebSocket-Version': '7' }, 400],
  ['another protocol', '/ws', { Upgrade: 'h2c' }, 400],
] as const)
  test(`upgrade: ${what}: ${status}`, async (t) => {
    const fixture = await openMqtt(t)
    const web = await openRaw(t, fixture.httpPort)
    web.send(upgradeRequest(path, headers))
    if (status === 101) {
      assert.match(await web.readUntil('\r\n\r\n'), /^HTTP\/1.1 101 [\s\S]*Sec-WebSocket-Protocol: mqtt\r\n/)
      return
    }
    const answer = (await web.rest()).toString()
    assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `))
    const body: unknown = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))
    assert.deepEqual(Object.keys(body ?? {}), ['error', 'message'])
  })
