import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { generate, type IPublishPacket } from 'mqtt-packet'
import { type MqttFixture, openMqtt } from '../../../../test/helpers/mqtt-fixture.ts'
import { openRaw, type RawLink } from '../../../../test/helpers/raw-link.ts'

const TOKEN = 'alice.access.token'
const KEEPALIVE = 'users/endpoints/phone/keepalive'
const LIFETIME_MS = 60_000

type Version = 4 | 5

async function connected(t: Parameters<typeof openRaw>[0], fixture: MqttFixture, version: Version) {
  const link = await openRaw(t, fixture.tcpPort)
  const credentials = { username: 'alice', password: Buffer.from(TOKEN), clientId: 'phone', clean: true }
  link.send(
    generate({ cmd: 'connect', protocolVersion: version, ...credentials }, { protocolVersion: version }),
  )
  const head = await link.read(2)
  await link.read(head[1] ?? 0)
  return link
}

function publish(link: RawLink, version: Version, packet: Partial<IPublishPacket>): void {
  const whole = {
    topic: 'a/b',
    payload: 'x',
    qos: 0,
    dup: false,
    retain: false,
    messageId: 7,
    ...packet,
  } as const
  link.send(generate({ cmd: 'publish', ...whole }, { protocolVersion: version }))
}

const CLOSED = 'closed'
const STILL_OPEN = 'open'

/** What a PUBLISH is answered with, in hex, and whether the connection is open then: a PINGREQ asks. */
async function answerTo(link: RawLink, version: Version, packet: Partial<IPublishPacket>) {
  publish(link, version, packet)
  link.send(Buffer.from([0xc0, 0]))
  const parts: Buffer[] = []
  try {
    for (;;) {
      const head = await link.read(2)
      if (head[0] === 0xd0) return [Buffer.concat(parts).toString('hex'), STILL_OPEN]
      parts.push(head, await link.read(head[1] ?? 0))
    }
  } catch {
    return [Buffer.concat(parts).toString('hex'), CLOSED]
  }
}

async function prepared(t: Parameters<typeof openMqtt>[0]) {
  const fixture = await openMqtt(t)
  fixture.auth.add(TOKEN, 'alice', { ttlMs: LIFETIME_MS })
  fixture.registrar.add('alice', 'phone', LIFETIME_MS)
  return fixture
}

for (const [what, version, packet, expected] of [
  ['QoS 0', 4, {}, ['', CLOSED]],
  ['QoS 1', 4, { qos: 1 }, ['', CLOSED]],
  ['QoS 2', 4, { qos: 2 }, ['', CLOSED]],
  ['QoS 0', 5, {}, ['e00187', CLOSED]],
  ['QoS 1', 5, { qos: 1 }, ['4003000787', STILL_OPEN]],
  ['QoS 2', 5, { qos: 2 }, ['e0019b', CLOSED]],
  ['an own endpoint', 5, { qos: 1, topic: 'users/endpoints/phone' }, ['4003000787', STILL_OPEN]],
  ['retained', 5, { qos: 1, retain: true }, ['e0019a', CLOSED]],
  ['a topic alias', 5, { properties: { topicAlias: 1 } }, ['e00194', CLOSED]],
  ['a wildcard', 5, { topic: 'users/endpoints/+' }, ['e00190', CLOSED]],
  ['keepalive at QoS 0', 4, { topic: KEEPALIVE }, ['', STILL_OPEN]],
  ['keepalive at QoS 1', 4, { topic: KEEPALIVE, qos: 1 }, ['40020007', STILL_OPEN]],
  ['keepalive, retained', 4, { topic: KEEPALIVE, qos: 1, retain: true }, ['40020007', STILL_OPEN]],
  ['keepalive at QoS 2', 4, { topic: KEEPALIVE, qos: 2 }, ['', CLOSED]],
  ['keepalive at QoS 0', 5, { topic: KEEPALIVE }, ['', STILL_OPEN]],
  ['keepalive at QoS 1', 5, { topic: KEEPALIVE, qos: 1 }, ['40020007', STILL_OPEN]],
  ['keepalive at QoS 2', 5, { topic: KEEPALIVE, qos: 2 }, ['e0019b', CLOSED]],
  ['keepalive of another', 4, { topic: 'users/endpoints/bobs/keepalive', qos: 1 }, ['', CLOSED]],
  [
    'keepalive of another',
    5,
    { topic: 'users/endpoints/bobs/keepalive', qos: 1 },
    ['4003000790', STILL_OPEN],
  ],
  ['keepalive of another', 5, { topic: 'users/endpoints/bobs/keepalive' }, ['e00190', CLOSED]],
] as const)
  test(`MQTT ${version === 4 ? '3.1.1' : 5}, PUBLISH: ${what}`, async (t) => {
    const fixture = await prepared(t)
    fixture.registrar.add('bob', 'bobs', LIFETIME_MS)
    const link = await connected(t, fixture, version)
    assert.deepEqual(await answerTo(link, version, packet), expected)
    const isKeepAlive =
      what.startsWith('keepalive') && expected[1] === STILL_OPEN && !what.includes('another')
    assert.deepEqual(
      fixture.registrar.keptAlive.map(({ userId, userEndpointId }) => [userId, userEndpointId]),
      isKeepAlive ? [['alice', 'phone']] : [],
    )
  })

test('PUBACK of a keepalive follows its effect, and packets behind it wait', async (t) => {
  const fixture = await prepared(t)
  const link = await connected(t, fixture, 5)
  let release = (): void => {}
  const held = new Promise<void>((resolve) => {
    release = resolve
  })
  const { registrar } = fixture
  const keepalive = registrar.keepalive.bind(registrar)
  registrar.keepalive = async (...given) => {
    await held
    return keepalive(...given)
  }
  for (const messageId of [1, 2]) publish(link, 5, { topic: KEEPALIVE, qos: 1, messageId })
  link.send(Buffer.from([0xc0, 0]))
  await fixture.clock.advance(1)
  release()
  assert.equal((await link.read(10)).toString('hex'), `40020001${'40020002'}${'d000'}`)
})

test('a keepalive that cannot be stored is not acknowledged as done', async (t) => {
  const fixture = await prepared(t)
  fixture.registrar.keepalive = async () => {
    throw new RollcallError('unavailable')
  }
  const newer = await connected(t, fixture, 5)
  assert.deepEqual(await answerTo(newer, 5, { topic: KEEPALIVE, qos: 1 }), ['4003000780', STILL_OPEN])
})

test('a store that is away for some seconds closes no connection whose keepalive cannot be refused', async (t) => {
  for (const [version, qos, answer] of [
    [4, 1, '40020007'],
    [4, 0, ''],
    [5, 0, ''],
  ] as const) {
    const fixture = await prepared(t)
    const { clock } = fixture
    const link = await connected(t, fixture, version)
    const tried = awayFor(fixture, 8_000)
    publish(link, version, { topic: KEEPALIVE, qos, messageId: 7 })
    await tried
    await clock.advance(9_000)
    assert.equal(fixture.registrar.keptAlive.length, 1)
    link.send(Buffer.from([0xc0, 0]))
    assert.equal((await link.read(answer.length / 2 + 2)).toString('hex'), `${answer}d000`)
  }
})

test('nor is one kept open that cannot be told no for longer than ten', async (t) => {
  const fixture = await prepared(t)
  const link = await connected(t, fixture, 4)
  const tried = awayFor(fixture, 60_000)
  publish(link, 4, { topic: KEEPALIVE, qos: 1 })
  await tried
  await fixture.clock.advance(11_000)
  assert.equal((await link.rest()).length, 0)
})

/** Resolves once a keepalive was tried. */
function awayFor({ registrar, clock }: MqttFixture, ms: number): Promise<void> {
  const keepalive = registrar.keepalive.bind(registrar)
  const untilMs = clock.monotonicMs() + ms
  return new Promise((resolve) => {
    registrar.keepalive = async (...given) => {
      resolve()
      if (clock.monotonicMs() < untilMs) throw new RollcallError('unavailable')
      return keepalive(...given)
    }
  })
}

test('with an expired token only a renewed endpoint is kept alive', async (t) => {
  const fixture = await openMqtt(t)
  fixture.auth.add(TOKEN, 'alice', { ttlMs: -1 })
  fixture.registrar.add('alice', 'phone', LIFETIME_MS)
  fixture.registrar.add('alice', 'stale', 0)
  const link = await connected(t, fixture, 5)
  assert.deepEqual(await answerTo(link, 5, { topic: KEEPALIVE, qos: 1 }), ['40020007', STILL_OPEN])
  const other = { topic: 'users/endpoints/stale/keepalive', qos: 1 } as const
  assert.deepEqual(await answerTo(link, 5, other), ['4003000790', STILL_OPEN])
})

test('a revoked token keeps nothing alive', async (t) => {
  const fixture = await prepared(t)
  const link = await connected(t, fixture, 5)
  fixture.auth.revoked.add(TOKEN)
  assert.deepEqual(await answerTo(link, 5, { topic: KEEPALIVE, qos: 1 }), ['e00187', CLOSED])
  assert.deepEqual(fixture.registrar.keptAlive, [])
})
