import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { generate, type IPublishPacket } from 'mqtt-packet'
import { type MqttFixture, openMqtt } from '../../../../test/helpers/mqtt-fixture.ts'
import { openRaw, type RawLink } from '../../../../test/helpers/raw-link.ts'

const TOKEN = 'alice.access.token'
const LIFETIME_MS = 60_000
const ANSWER = '{"eventId":"e-1"}'

type Version = 4 | 5

async function prepared(t: Parameters<typeof openMqtt>[0]) {
  const fixture = await openMqtt(t)
  fixture.auth.add(TOKEN, 'alice', { ttlMs: LIFETIME_MS })
  fixture.registrar.add('alice', 'phone', LIFETIME_MS)
  return fixture
}

async function connected(t: Parameters<typeof openRaw>[0], { tcpPort }: MqttFixture, version: Version) {
  const link = await openRaw(t, tcpPort)
  const credentials = { username: 'alice', password: Buffer.from(TOKEN), clientId: 'phone', clean: true }
  link.send(
    generate({ cmd: 'connect', protocolVersion: version, ...credentials }, { protocolVersion: version }),
  )
  const head = await link.read(2)
  await link.read(head[1] ?? 0)
  return link
}

/** What is answered, reason strings as text, and whether the connection is open then: a PINGREQ asks. */
async function answerTo(link: RawLink, version: Version, packet: Partial<IPublishPacket>) {
  const topic = 'users/endpoints/phone/answers'
  const whole = {
    topic,
    payload: ANSWER,
    qos: 1,
    dup: false,
    retain: false,
    messageId: 7,
    ...packet,
  } as const
  link.send(generate({ cmd: 'publish', ...whole }, { protocolVersion: version }))
  link.send(Buffer.from([0xc0, 0]))
  const parts: string[] = []
  try {
    for (;;) {
      const head = await link.read(2)
      if (head[0] === 0xd0) return [...parts, 'open']
      const body = await link.read(head[1] ?? 0)
      parts.push(`${head.subarray(0, 1).toString('hex')} ${body.subarray(0, 3).toString('hex')}`)
      if (body.length > 7) parts.push(body.subarray(7).toString())
    }
  } catch {
    return [...parts, 'closed']
  }
}

test('an answer is given for an endpoint of one’s own, and acknowledged once it is judged', async (t) => {
  for (const version of [4, 5] as const) {
    const fixture = await prepared(t)
    const link = await connected(t, fixture, version)
    let isJudged = false
    fixture.delivery.onAnswer = async () => {
      await new Promise((resolve) => setImmediate(resolve))
      isJudged = true
    }
    const payload = '{"eventId":"e/é","answer":{"a":1}}'
    const heard = await answerTo(link, version, { payload })
    assert.deepEqual([heard, isJudged], [['40 0007', 'open'], true])
    const [given] = fixture.delivery.answers
    assert.deepEqual(given?.user, { organizationId: 'acme', userId: 'alice', userEndpointId: 'phone' })
    const { eventId, userEndpointId, answer } = given?.command ?? assert.fail()
    assert.deepEqual([eventId, userEndpointId, answer?.value], ['e/é', 'phone', { a: 1 }])
    assert.deepEqual(await answerTo(link, version, { qos: 0 }), ['open'])
    assert.equal(fixture.delivery.answers.length, 2)
  }
})

const ELSEWHERE = new RollcallError('answered_elsewhere', 'Endpoint tab was the first to answer.')
const SAID = 'answered_elsewhere: Endpoint tab was the first to answer.'

for (const [what, version, qos, refusal, expected] of [
  ['a loser', 5, 1, ELSEWHERE, ['40 000783', SAID, 'open']],
  ['a loser', 5, 0, ELSEWHERE, ['open']],
  ['a loser', 4, 1, ELSEWHERE, ['40 0007', 'open']],
  ['a loser', 4, 0, ELSEWHERE, ['open']],
  [
    'one who was not sent it',
    5,
    1,
    new RollcallError('not_found'),
    ['40 000790', 'not_found: There is nothing here.', 'open'],
  ],
  ['one who was not sent it', 4, 1, new RollcallError('not_found'), ['40 0007', 'open']],
  [
    'one whom the disk refuses',
    5,
    1,
    new RollcallError('unavailable', 'No.'),
    ['40 000780', 'unavailable: No.', 'open'],
  ],
  ['one whom the disk refuses', 4, 1, new RollcallError('unavailable', 'No.'), ['closed']],
  ['one whom the disk refuses', 4, 0, new RollcallError('unavailable', 'No.'), ['open']],
] as const)
  test(`${what} at QoS ${qos} of MQTT ${version === 5 ? '5' : '3.1.1'} hears: ${expected.join(', ')}`, async (t) => {
    const fixture = await prepared(t)
    fixture.delivery.onAnswer = () => Promise.reject(refusal)
    const link = await connected(t, fixture, version)
    assert.deepEqual(await answerTo(link, version, { qos }), expected)
  })

test('a payload that is none is refused, and closes what cannot be told', async (t) => {
  const fixture = await prepared(t)
  for (const [payload, heard] of [
    ['', '40 000799'],
    ['{"eventId":""}', '40 000783'],
    ['{"eventId":"e","answer":1}', '40 000783'],
  ] as const) {
    const five = await connected(t, fixture, 5)
    assert.equal((await answerTo(five, 5, { payload }))[0], heard)
    const four = await connected(t, fixture, 4)
    assert.deepEqual(await answerTo(four, 4, { payload }), ['closed'])
  }
  assert.deepEqual(fixture.delivery.answers, [])
})

test('with an expired token only an endpoint that is renewed with a newer one answers', async (t) => {
  const fixture = await prepared(t)
  fixture.registrar.add('alice', 'tab', LIFETIME_MS)
  const link = await connected(t, fixture, 5)
  fixture.registrar.renew(
    { organizationId: 'acme', userId: 'alice', userEndpointId: 'phone' },
    10 * LIFETIME_MS,
  )
  fixture.clock.jumpWall(LIFETIME_MS)
  assert.deepEqual(await answerTo(link, 5, {}), ['40 0007', 'open'])
  const refused = await answerTo(link, 5, { topic: 'users/endpoints/tab/answers' })
  assert.equal(refused[0], '40 000787')
})
