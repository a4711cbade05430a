import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { seededRandom } from '../../../../test/helpers/fake-clock.ts'
import { hostileRequests, mutated } from '../../../../test/helpers/hostile-requests.ts'
import type { Overrides } from '../../../../test/helpers/http-fixture.ts'
import {
  alike,
  EVENT,
  type LaneScene,
  openBoth,
  openLane,
  readAnswer,
  requestText,
  SEND,
} from '../../../../test/helpers/lane-scene.ts'
import { noLimits } from '../../../../test/helpers/no-limits.ts'
import { systemClock } from '../../clock/clock.ts'
import { allowOrigins, readConfiguration } from '../../config/config.ts'
import { RateLimited } from '../../limits/limits.ts'
import { mayHaveFastLane } from './fast-lane.ts'

const MUTATIONS = 400
/** Silence after which a server waits for more of a request; a slow one is waited for as long as the other has spoken. */
const SILENCE_MS = 120

/** All that comes back, until the connection closes or nothing more comes. Each part is sent once the one before is answered. */
async function reaction(scene: LaneScene, ...parts: readonly string[]): Promise<string> {
  const link = await scene.connect()
  const answers: string[] = []
  for (const part of parts.slice(0, -1)) {
    link.send(Buffer.from(part, 'utf8'))
    answers.push(await readAnswer(link))
  }
  let received = ''
  link.socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('utf8')
  })
  link.send(Buffer.from(parts.at(-1) ?? '', 'utf8'))
  for (let length = -1; length !== received.length; ) {
    length = received.length
    await Promise.race([link.closed, systemClock().sleep(SILENCE_MS)])
  }
  const end = link.socket.destroyed || link.socket.readableEnded ? '(closed)' : '(open)'
  link.socket.destroy()
  return answers.join('') + alike(received) + end
}

/** Both say the same. */
async function compare(
  [ours, theirs]: readonly [LaneScene, LaneScene],
  text: string,
  before: string,
): Promise<void> {
  const start = before === '' ? [] : [before]
  const [expected, actual] = await Promise.all([
    reaction(theirs, ...start, text),
    reaction(ours, ...start, text),
  ])
  if (actual === expected) return
  // A machine that is busy may be silent for a while. And what follows a request, and is none, makes Node forget the
  // answer when it comes with it: then the lane is held to what Node says when it comes after the answer.
  const inTurn = [...start, ...cutAfterFirst(text)]
  const others = [expected, await reaction(theirs, ...start, text), await reaction(theirs, ...inTurn)]
  const again = await reaction(ours, ...start, text)
  assert.ok(
    others.includes(again),
    `${JSON.stringify(text)}\n\nis answered\n${again}\n\nand not\n${others.join('\nor\n')}`,
  )
}

/** A request whose length is told in the usual way, and what follows. */
function cutAfterFirst(text: string): readonly string[] {
  const [, length] = /^Content-Length: (\d+)\r$/m.exec(text) ?? []
  const end = text.indexOf('\r\n\r\n') + 4 + Number(length)
  return end > 4 && end < text.length ? [text.slice(0, end), text.slice(end)] : [text]
}

async function compareAll(t: TestContext, requests: readonly string[], overrides: Overrides = {}) {
  const both = await openBoth(t, overrides)
  for (const before of ['', SEND]) {
    for (let at = 0; at < requests.length; at += 40)
      await Promise.all(requests.slice(at, at + 40).map((text) => compare(both, text, before)))
  }
  return both
}

suite('the lane gives the same answer to the same bytes', () => {
  test('whatever form a request has', async (t) => {
    await compareAll(t, hostileRequests())
  })

  test('whatever byte is another', async (t) => {
    const random = seededRandom('bytes')
    await compareAll(
      t,
      Array.from({ length: MUTATIONS }, () => mutated(random)),
    )
  })

  const failures = {
    'a limit that is met': new RateLimited({
      policy: 'send',
      quota: 5,
      windowSeconds: 10,
      remaining: 0,
      retryAfterSeconds: 3,
    }),
    'a write that is not decided': new RollcallError('unavailable', 'It may be delivered all the same.', {
      isUndecided: true,
      eventId: 'e 1',
    }),
    'a full mailbox': new RollcallError('mailbox_full', undefined, { retryAfterSeconds: 1 }),
    'a wrong field': new RollcallError('invalid_request', 'é', { fields: [['masks', 'ü is wrong']] }),
    'a fault': new Error('secret'),
  }
  for (const [what, failure] of Object.entries(failures))
    test(`where it refuses: ${what}`, async (t) => {
      const both = await openBoth(t)
      for (const { fixture } of both) {
        fixture.delivery.failure = failure
        fixture.registrar.failure = failure
      }
      const keep = requestText(
        '/users/endpoints/keepalive',
        { userEndpointId: 'e1' },
        { Authorization: 'Bearer alice' },
      )
      const make = requestText(
        '/users/endpoints',
        { keepAliveSeconds: 30 },
        { Authorization: 'Bearer alice' },
      )
      for (const text of [SEND, keep, make]) await compare(both, text, '')
      const [ours, theirs] = both.map(({ fixture }) => fixture.refused)
      assert.deepEqual(ours, theirs)
      assert.equal(ours?.length, 3)
      const logged = both.map(
        ({ fixture }) => fixture.logged.filter((line) => line.includes('request failed')).length,
      )
      assert.equal(logged[0], logged[1])
      assert.ok(!both[0].fixture.logged.join('').includes('Bearer'))
    })

  const strangers = {
    'is good, or not': {},
    'is one too many from its address': { workPerSecondPerAddress: 1, workBurstPerAddress: 1 },
    'comes while the server is overloaded': { shedLagMs: 500 },
  }
  for (const [what, bounds] of Object.entries(strangers))
    test(`where a token that was not checked before ${what}`, async (t) => {
      const settings = { trustedProxies: ['127.0.0.1'] }
      const all = [noLimits(bounds), noLimits(bounds)] as const
      for (const { work, shedding } of all) {
        work.spendStranger('198.51.100.1', 1_000)
        for (let atMs = 0; atMs < 300; atMs += 100) shedding.observe({ atMs, lagMs: 1_200, writePercent: 0 })
      }
      const both = [
        await openLane(t, { settings, limits: all[0] }),
        await openLane(t, { settings: { ...settings, fastLane: false }, limits: all[1] }),
      ] as const
      const from = (token: string, address: string) =>
        SEND.replace('Bearer backend', `Bearer ${token}`).replace(
          'Accept:',
          `X-Forwarded-For: ${address}\r\nAccept:`,
        )
      for (const token of ['new-alice', 'new-nobody', 'new-fault'])
        for (const address of ['198.51.100.1', '198.51.100.2'])
          for (const before of ['', SEND]) await compare(both, from(token, address), before)
      const [ours, theirs] = all.map(({ work, shedding }) => [work.spentMs, shedding.refused])
      assert.deepEqual(ours, theirs)
      assert.deepEqual(both[0].fixture.refused, both[1].fixture.refused)
    })

  test('where pages of other origins may read answers, and where only one name is answered', async (t) => {
    const settings = {
      allowedOrigins: allowOrigins(['https://a.example']),
      isHostAllowed: (host: string | undefined) => host === '127.0.0.1',
    }
    const requests = [SEND, SEND.replace('Host: 127.0.0.1', 'Host: evil.example')]
    await compareAll(
      t,
      [
        ...requests,
        ...requests.map((text) => text.replace('Accept:', 'Origin: https://a.example\r\nAccept:')),
      ],
      {
        settings,
      },
    )
  })
})

test('the requests that come by the thousand take the lane, others do not', async (t) => {
  const { fixture, connect } = await scene(t)
  let others = 0
  fixture.http.server.on('request', () => others++)
  const alice = { Authorization: 'Bearer alice' }
  const link = await connect()
  for (const text of [
    SEND,
    SEND,
    requestText('/users/endpoints', { userEndpointId: 'e1', keepAliveSeconds: 30 }, alice),
    requestText('/users/endpoints/register', { keepAliveSeconds: 30 }, alice),
    requestText('/users/endpoints/keepalive', { userEndpointId: 'e1' }, alice),
    requestText('/users/endpoints/keepalive', { userEndpointId: 'unknown' }, alice),
    requestText('/users/endpoints/sendEvents', [EVENT, {}, EVENT]),
    SEND.replace('Bearer backend', 'Bearer new-backend'),
    SEND,
  ]) {
    link.send(Buffer.from(text))
    await readAnswer(link)
  }
  assert.equal(others, 0)
  link.send(Buffer.from(SEND.replace('Bearer backend', 'Bearer new-nobody')))
  assert.match(await readAnswer(link), /^HTTP\/1.1 401 /)
  assert.equal(others, 1)
})

test('what the lane serves is done once, by who sent it', async (t) => {
  const { fixture, connect } = await scene(t)
  const link = await connect()
  for (const key of [undefined, 'k1'])
    link.send(
      Buffer.from(key === undefined ? SEND : SEND.replace('Accept:', `Idempotency-Key: ${key}\r\nAccept:`)),
    )
  await readAnswer(link)
  await readAnswer(link)
  const sent = fixture.delivery.sent.map(({ caller, command, key }) => [caller, command.userId, key])
  assert.deepEqual(sent, [
    ['backend', 'bob', undefined],
    ['backend', 'bob', 'k1'],
  ])
  assert.equal(fixture.delivery.sent[0]?.command.event.bytes.toString(), JSON.stringify(EVENT.event))
})

/** With `connect` as a function of its own. */
async function scene(t: TestContext, overrides: Overrides = {}) {
  const opened = await openLane(t, overrides)
  return { fixture: opened.fixture, connect: () => opened.connect() }
}

test('a request that comes in pieces is the same request, wherever it is cut', async (t) => {
  const { fixture, connect } = await scene(t)
  const link = await connect()
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve))
  link.send(Buffer.from(SEND))
  const usual = await readAnswer(link)
  for (let at = 1; at < SEND.length; at += 3) {
    link.send(Buffer.from(SEND.slice(0, at)))
    for (let turns = 0; turns < 4; turns++) await turn()
    link.send(Buffer.from(SEND.slice(at)))
    assert.equal(await readAnswer(link), usual, `cut at ${at}`)
  }
  assert.equal(fixture.delivery.sent.length, 1 + Math.ceil((SEND.length - 1) / 3))
})

test('a connection that asks for something else goes on with it, and with all that follows', async (t) => {
  const { connect } = await scene(t)
  const link = await connect()
  const live = Buffer.from('GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  for (const [request, status] of [
    [Buffer.from(SEND), 200],
    [live, 200],
    [Buffer.from(SEND), 200],
    [Buffer.from(requestText('/nowhere', '{}')), 404],
    [Buffer.from(SEND), 200],
  ] as const) {
    link.send(request)
    assert.match(await readAnswer(link), new RegExp(`^HTTP/1.1 ${status} `))
  }
})

test('requests that do not wait for the answers before them are all answered, in their order', async (t) => {
  const { fixture, connect } = await scene(t)
  const link = await connect()
  const ids = Array.from({ length: 50 }, (_, index) => `e-${index}`)
  const body = (id: string) => ({ ...EVENT, event: { ...EVENT.event, id } })
  link.send(Buffer.from(ids.map((id) => requestText('/users/endpoints/sendEvent', body(id))).join('')))
  for (const id of ids) assert.match(await readAnswer(link), new RegExp(`event-id: ${id}\r\n`))
  assert.deepEqual(
    fixture.delivery.sent.map(({ command }) => command.event.id),
    ids,
  )
})

test('who says nothing, or half a request, is let go as without the lane', async (t) => {
  const { fixture, connect } = await scene(t)
  const silent = await connect()
  const halfway = await connect()
  halfway.send(Buffer.from(SEND.slice(0, -5)))
  const served = await connect()
  served.send(Buffer.from(SEND))
  await readAnswer(served)
  for (let seconds = 0; seconds < 60; seconds++) {
    await fixture.clock.advance(1_000)
    await systemClock().sleep(2)
  }
  assert.match((await silent.rest()).toString(), /^HTTP\/1\.1 408 /)
  assert.match((await halfway.rest()).toString(), /^HTTP\/1\.1 408 /)
  // Between two requests it may be silent for long.
  served.send(Buffer.from(SEND))
  assert.match(await readAnswer(served), /^HTTP\/1\.1 200 /)
})

test('a peer that ends has the answer to what it asked, and one that ends within a request is told', async (t) => {
  const { fixture, connect } = await scene(t)
  const asking = await connect()
  asking.send(Buffer.from(SEND))
  await readAnswer(asking)
  asking.socket.end()
  await asking.closed
  const within = await connect()
  within.socket.end(Buffer.from(SEND.slice(0, -5)))
  assert.match((await within.rest()).toString(), /^HTTP\/1\.1 400 /)
  assert.equal(fixture.delivery.sent.length, 1)
})

test('while it drains each answer closes its connection, and idle ones end at once', async (t) => {
  const { fixture, connect } = await scene(t)
  const idle = await connect()
  idle.send(Buffer.from(SEND))
  await readAnswer(idle)
  const busy = await connect()
  let release = () => {}
  const send = fixture.delivery.sendEvent.bind(fixture.delivery)
  const begun = new Promise<void>((onBegun) => {
    fixture.delivery.sendEvent = async (...sent) => {
      onBegun()
      await new Promise<void>((resolve) => {
        release = resolve
      })
      return send(...sent)
    }
  })
  busy.send(Buffer.from(SEND))
  await begun
  fixture.http.drain()
  await idle.closed
  release()
  assert.match((await busy.rest()).toString(), /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\nConnection: close\r\n\r\n1$/)
})

test('a stopped server cuts what does not end by itself', async (t) => {
  const { fixture, connect } = await scene(t)
  const link = await connect()
  const begun = new Promise<void>((onBegun) => {
    fixture.delivery.sendEvent = () => {
      onBegun()
      return new Promise(() => {})
    }
  })
  link.send(Buffer.from(SEND))
  await begun
  const closed = fixture.http.close()
  await fixture.clock.advance(1_000)
  await link.closed
  await closed
})

test('a request whose body is on its way is served while the server stops', async (t) => {
  const { fixture, connect } = await scene(t)
  const link = await connect()
  link.send(Buffer.from(SEND.slice(0, -5)))
  const other = await connect()
  other.send(Buffer.from(SEND))
  await readAnswer(other)
  const closed = fixture.http.close()
  await other.closed
  link.send(Buffer.from(SEND.slice(-5)))
  assert.match((await link.rest()).toString(), /^HTTP\/1\.1 200 /)
  await closed
})

test('a body that comes after its token was revoked does nothing, and one of a stranger is asked for at once', async (t) => {
  const { fixture, connect } = await scene(t)
  const authenticate = fixture.auth.authenticate
  const link = await connect()
  link.send(Buffer.from(SEND.slice(0, -5)))
  await systemClock().sleep(20)
  fixture.auth.authenticate = () => {
    throw new RollcallError('unauthorized')
  }
  link.send(Buffer.from(SEND.slice(-5)))
  assert.match(await readAnswer(link), /^HTTP\/1\.1 401 /)
  fixture.auth.authenticate = authenticate
  assert.deepEqual(fixture.delivery.sent, [])
  const stranger = await connect()
  stranger.send(Buffer.from(SEND.slice(0, -5).replace('Bearer backend', 'Bearer nobody')))
  assert.match(await readAnswer(stranger), /^HTTP\/1\.1 401 /)
})

test('a body may come while its token is checked, and its end', async (t) => {
  const { fixture, connect } = await scene(t)
  let others = 0
  fixture.http.server.on('request', () => others++)
  const { authenticate } = fixture.auth
  for (const [token, missing] of [
    ['new-alice', 20],
    ['new-bob', 0],
  ] as const) {
    const request = SEND.replace('Bearer backend', `Bearer ${token}`)
    const cut = request.length - missing
    let release = () => {}
    const begun = new Promise<void>((onBegun) => {
      fixture.auth.authenticate = (token, beforeCheck) => {
        const principal = authenticate(token, beforeCheck)
        if (!(principal instanceof Promise)) return principal
        onBegun()
        return new Promise<void>((resolve) => {
          release = resolve
        }).then(() => principal)
      }
    })
    const link = await connect()
    link.send(Buffer.from(request.slice(0, cut)))
    await begun
    link.socket.end(Buffer.from(request.slice(cut)))
    await systemClock().sleep(20)
    assert.deepEqual(fixture.delivery.sent.splice(0), [])
    release()
    assert.match((await link.rest()).toString(), /^HTTP\/1\.1 200 /)
    assert.equal(fixture.delivery.sent.splice(0).length, 1)
  }
  assert.equal(others, 0)
})

test('bytes of bulk requests are counted while they come and are worked on, and past its share one is refused', async (t) => {
  const limits = noLimits()
  const { fixture, connect } = await scene(t, { limits })
  let others = 0
  fixture.http.server.on('request', () => others++)
  const { bulkBytes } = limits.ledger
  const events = Array.from({ length: 400 }, () => EVENT)
  const bulk = Buffer.from(requestText('/users/endpoints/sendEvents', events))
  const link = await connect()
  for (const cut of [300, 40_000, bulk.length - 1]) {
    link.send(bulk.subarray(0, cut))
    while (bulkBytes.figures.used === 0) await systemClock().sleep(1)
    assert.ok(bulkBytes.figures.used < bulk.length)
    link.send(bulk.subarray(cut))
    assert.match(await readAnswer(link), /"count":1.*"count":1/)
    assert.equal(bulkBytes.figures.used, 0)
  }
  const crumbs = await connect()
  const headBytes = bulk.indexOf('\r\n\r\n') + 4
  for (let end = 300; end < bulk.length; end += 300) {
    crumbs.send(bulk.subarray(end - 300, end))
    while (bulkBytes.figures.used < end - headBytes) await systemClock().sleep(1)
  }
  crumbs.send(bulk.subarray(Math.floor((bulk.length - 1) / 300) * 300))
  assert.match(await readAnswer(crumbs), /"count":1.*"count":1/)
  assert.equal(others, 1, 'what comes in crumbs is for the other way')
  while (bulkBytes.figures.used > 0) await systemClock().sleep(1)
  link.send(bulk.subarray(0, 40_000))
  while (bulkBytes.figures.used === 0) await systemClock().sleep(1)
  link.socket.resetAndDestroy()
  while (bulkBytes.figures.used > 0) await systemClock().sleep(1)
  assert.equal(others, 1)
  const room = bulkBytes.take([], bulkBytes.figures.max)
  const late = await connect()
  late.send(bulk)
  assert.match(await readAnswer(late), /^HTTP\/1\.1 503 /)
  room?.()
  assert.deepEqual([others, fixture.delivery.sent.length], [2, 1_600])
})

test('a client that goes away in the middle of its body leaves nothing behind', async (t) => {
  const { fixture, connect } = await scene(t)
  const link = await connect()
  link.send(Buffer.from(SEND.slice(0, -5)))
  await systemClock().sleep(20)
  link.socket.resetAndDestroy()
  const other = await connect()
  other.send(Buffer.from(SEND))
  await readAnswer(other)
  assert.deepEqual([fixture.logged, fixture.refused], [[], []])
})

test('an operator can switch it off', () => {
  const fastLaneOf = (FAST_LANE: string) => {
    const { fastLane } = readConfiguration({ FAST_LANE }, undefined)
    return mayHaveFastLane({ fastLane, tls: undefined, logRequests: false })
  }
  assert.deepEqual([fastLaneOf(''), fastLaneOf('true'), fastLaneOf('false')], [true, true, false])
})
