import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { openMqtt } from '../helpers/mqtt-fixture.ts'
import { openRaw, upgradeRequest } from '../helpers/raw-link.ts'

test('every refused handshake is logged, once a minute for each reason', async (t) => {
  const { httpPort, tcpPort, clock, lines } = await openMqtt(t, { linksMax: 1, pendingLinksMax: 1 })
  const refuse = async (path: string, headers: Record<string, string>): Promise<void> => {
    const web = await openRaw(t, httpPort)
    web.send(upgradeRequest(path, headers))
    await web.rest()
  }
  const foreign = { Origin: 'https://evil.example', Host: 'rtc.example.com' }
  for (let times = 0; times < 3; times++) {
    await refuse('/ws', foreign)
    await refuse('/other?token=planted', {})
    await refuse('/ws', { 'Sec-WebSocket-Protocol': 'stomp' })
    await refuse('/ws', { 'Sec-WebSocket-Version': '7' })
  }
  // The one place is taken.
  const taken = await openRaw(t, httpPort)
  taken.send(upgradeRequest('/ws', {}))
  await taken.readUntil('\r\n\r\n')
  const refusedTcp = connect(tcpPort, '127.0.0.1')
  refusedTcp.on('error', () => undefined)
  await once(refusedTcp, 'close')
  await refuse('/ws', {})

  const told = () =>
    lines
      .map((line): Record<string, unknown> => JSON.parse(line))
      .filter((line) => 'reason' in line && line['level'] === 40)
  assert.deepEqual(
    told()
      .map(({ reason }) => reason)
      .sort(),
    ['handshake', 'no_room', 'no_room_tcp', 'origin', 'path', 'sub_protocol'],
  )
  const origin = told().find(({ reason }) => reason === 'origin')
  assert.equal(origin?.['origin'], 'https://evil.example')
  assert.equal(origin?.['host'], 'rtc.example.com')
  assert.ok(!lines.join().includes('planted'))

  await clock.advance(59_999)
  await refuse('/ws', foreign)
  assert.equal(told().length, 6)
  await clock.advance(1)
  await refuse('/ws', foreign)
  assert.deepEqual(
    told()
      .slice(6)
      .map(({ reason, othersInBetween }) => [reason, othersInBetween]),
    [['origin', 3]],
  )
})
