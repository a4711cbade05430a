import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { createFakeLocks } from '../../../test/helpers/fake-locks.ts'
import { createFakeRollcall, fine, refusal } from '../../../test/helpers/fake-rollcall.ts'
import { SdkError } from '../sdk-error.ts'
import type { TokenContext } from '../token-source.ts'
import { connect } from './connect.ts'
import type { ConnectOptions } from './options.ts'
import type { State } from './states.ts'

const REMINDER = {
  id: 'r',
  type: 'UserEndpointKeepAliveRequestedEvent',
  timestamp: '2026-01-01T00:00:00Z',
}

async function open(test: TestContext, overrides: Partial<ConnectOptions> = {}) {
  const server = createFakeRollcall()
  const clock = createFakeClock()
  const states: State[] = []
  const tokens: boolean[] = []
  const events: string[] = []
  const troubles: SdkError[] = []
  let wakeUp = (): void => undefined
  let leave = (): void => undefined
  const registration = connect({
    url: 'http://127.0.0.1:1',
    getToken: ({ refused }: TokenContext) => {
      tokens.push(refused)
      return `T${tokens.length}`
    },
    onEvent: ({ id }) => void events.push(id),
    onError(error) {
      if (error.code !== 'not_online' && error.code !== 'ended') assert.fail(error)
      troubles.push(error)
    },
    WebSocket: server.WebSocket,
    fetch: server.fetch,
    ...('storage' in overrides ? {} : { userEndpointId: 'me' }),
    clock,
    random: { fraction: () => 0.5, uuid: () => 'u' },
    wake: (run) => {
      wakeUp = run
      return () => undefined
    },
    leave: (run) => {
      leave = run
      return () => undefined
    },
    locks: null,
    channel: null,
    ...overrides,
  })
  registration.onState((state) => void states.push(state))
  // Not waited for: the clock stands, and so would a request that nobody answers.
  test.after(() => void registration.close())
  await clock.advance(0)
  const paths = (): string[] => server.requests.map(({ path }) => path)
  return {
    registration,
    server,
    clock,
    states,
    tokens,
    events,
    troubles,
    paths,
    wakeUp: () => wakeUp(),
    leave: () => leave(),
  }
}

describe('connect', () => {
  it('registers, subscribes, and leaves nothing behind', async (t) => {
    const { registration, server, clock, states } = await open(t)
    assert.deepEqual(server.requests, [
      {
        path: 'register',
        token: 'T1',
        body: { userEndpointId: 'me', keepAliveSeconds: 30, serverKeepAliveReminderOn: true },
      },
    ])
    assert.deepEqual(states, [{ status: 'online', reason: 'subscribed' }])
    await registration.close()
    assert.equal(server.last().isClosed, true)
    assert.deepEqual([...(server.last().sent.at(-1) ?? [])], [0xe0, 0])
    assert.equal(server.requests.at(-1)?.path, 'unregister')
    await clock.advance(1_000_000)
    assert.equal(clock.pending(), 0)
    assert.equal(server.requests.length, 2)
    await registration.close()
    assert.equal(server.requests.length, 2)
  })

  it('keeps alive at half of the period, at a reminder and at a wake-up, with a token asked for each time', async (t) => {
    const { server, clock, paths, events, wakeUp } = await open(t)
    await clock.advance(14_999)
    assert.equal(paths().length, 1)
    await clock.advance(1)
    assert.deepEqual(server.requests.at(-1), {
      path: 'keepalive',
      token: 'T2',
      body: { userEndpointId: 'me' },
    })
    await clock.advance(5_000)
    server.last().publish(REMINDER)
    await clock.advance(0)
    assert.equal(paths().length, 3)
    await clock.advance(14_000)
    assert.equal(paths().length, 3, 'the reminder has put the timer off')
    wakeUp()
    await clock.advance(0)
    assert.equal(paths().length, 4)
    assert.deepEqual(events, [])
  })

  it('tries a keepalive again soon that met no server', async (t) => {
    const { server, clock, paths, states } = await open(t)
    server.answerWith(() => Promise.reject(new TypeError('fetch failed')))
    await clock.advance(15_000)
    server.answerWith(fine)
    await clock.advance(5_000)
    assert.deepEqual(paths(), ['register', 'keepalive', 'keepalive'])
    assert.deepEqual(
      states.map(({ status }) => status),
      ['online'],
    )
  })

  it('connects again with full jitter: waits double up to the bound, and begin anew after a stable minute', async (t) => {
    const { server, clock, states } = await open(t, { keepAliveSeconds: 60 })
    server.answerWith(() => Promise.reject(new TypeError('fetch failed')))
    server.last().emit('close')
    await clock.advance(200_000)
    const waits = states.slice(1, 9).map(({ retryInMs }) => retryInMs)
    assert.deepEqual(waits, [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000])
    assert.deepEqual(
      [...new Set(states.slice(1).map(({ reason }) => reason))],
      ['link_failed', 'unreachable'],
    )
    server.answerWith(fine)
    await clock.advance(15_000)
    assert.equal(states.at(-1)?.status, 'online')
    await clock.advance(60_000)
    server.last().emit('close')
    await clock.advance(0)
    assert.equal(states.at(-1)?.retryInMs, 500)
  })

  it('never waits for longer than half of its period, which is what an outage may have left of it', async (t) => {
    const { server, clock, states } = await open(t, { keepAliveSeconds: 8 })
    server.answerWith(() => Promise.reject(new TypeError('fetch failed')))
    server.last().emit('close')
    await clock.advance(60_000)
    const waits = states.slice(1, 7).map(({ retryInMs }) => retryInMs)
    assert.deepEqual(waits, [500, 1_000, 2_000, 2_000, 2_000, 2_000])
  })

  it('tells on onError once that it has not been online for a while, and that it is over', async (t) => {
    const { server, clock, troubles } = await open(t)
    server.answerWith(() => Promise.reject(new TypeError('fetch failed')))
    server.last().emit('close')
    await clock.advance(4_999)
    assert.equal(troubles.length, 0)
    await clock.advance(60_000)
    assert.deepEqual(
      troubles.map(({ code, message }) => [code, message]),
      [
        [
          'not_online',
          'Not reachable for 5 s, still trying: http://127.0.0.1:1 cannot be reached: fetch failed',
        ],
      ],
    )
    server.answerWith(fine)
    await clock.advance(80_000)
    server.answerWith(() => refusal(400, 'too_many_endpoints'))
    server.last().emit('close')
    await clock.advance(500)
    assert.deepEqual(
      troubles.map(({ code }) => code),
      ['not_online', 'ended'],
    )
    assert.match(troubles[1]?.message ?? '', /^Not reachable any more \(refused\): too_many_endpoints$/)
    assert.deepEqual(clock.pending(), 0)
  })

  it('tells of a server that never answers, too, and of nothing that the app has asked for', async (t) => {
    const { server, clock, troubles, registration } = await open(t)
    server.answerWith(() => new Promise(() => undefined))
    server.last().emit('close')
    await clock.advance(5_000)
    assert.match(troubles[0]?.message ?? '', /still trying/)
    void registration.close()
    const life = new AbortController()
    const other = await open(t, { signal: life.signal })
    life.abort()
    await other.clock.advance(60_000)
    assert.deepEqual([troubles.length, other.troubles], [1, []])
  })

  it('waits as long as the server asks, and not while the network was away', async (t) => {
    const { server, clock, states, wakeUp } = await open(t)
    server.answerWith(() => refusal(503, 'unavailable', { 'retry-after': '7' }))
    server.last().emit('close')
    await clock.advance(500)
    assert.equal(states.at(-1)?.retryInMs, 7_000)
    wakeUp()
    await clock.advance(6_999)
    assert.equal(server.requests.length, 2)
    server.answerWith(() => Promise.reject(new TypeError('fetch failed')))
    await clock.advance(1)
    assert.equal(states.at(-1)?.reason, 'unreachable')
    server.answerWith(fine)
    wakeUp()
    await clock.advance(0)
    assert.equal(states.at(-1)?.status, 'online')
  })

  it('notices a server that fell silent', async (t) => {
    const { server, clock, states } = await open(t)
    await clock.advance(30_000)
    assert.deepEqual([...(server.last().sent.at(-1) ?? [])], [0xc0, 0])
    server.codes.answersPings = false
    await clock.advance(30_000)
    assert.deepEqual(
      states.map(({ status }) => status),
      ['online'],
    )
    await clock.advance(15_000)
    assert.deepEqual([states.at(-1)?.status, states.at(-1)?.reason], ['reconnecting', 'timeout'])
  })

  it('registers again when a keepalive finds that it has expired, and when the server says so', async (t) => {
    const { server, clock, states, paths } = await open(t)
    server.answerWith((path) => (path === 'keepalive' ? refusal(400, 'endpoint_unknown') : fine(path)))
    await clock.advance(15_500)
    assert.deepEqual(paths(), ['register', 'keepalive', 'register'])
    assert.deepEqual(
      states.map(({ status }) => status),
      ['online', 'expired', 'online'],
    )
    server.last().receive(0xe0, 2, 0x98, 0)
    await clock.advance(1_000)
    assert.equal(paths().at(-1), 'register')
    // Cut off for longer than the period: the first thing it learns is that it has expired.
    server.last().emit('close')
    await clock.advance(2_000)
    assert.deepEqual(paths().slice(-2), ['keepalive', 'register'])
    assert.deepEqual(
      states.slice(-3).map(({ status }) => status),
      ['reconnecting', 'expired', 'online'],
    )
  })

  it('sends a new token before the one that the connection has ends', async (t) => {
    const given: number[] = []
    const clock = createFakeClock()
    const token = (): string => {
      const iat = Math.floor(clock.wallMs() / 1000)
      given.push(clock.monotonicMs())
      return `a.${btoa(JSON.stringify({ sub: 'me', iat, exp: iat + 600 }))}.c`
    }
    const { paths } = await open(t, { getToken: token, clock, keepAliveSeconds: 3600 })
    const startMs = given[0] ?? 0
    await clock.advance(560_000)
    assert.deepEqual(paths(), ['register'])
    await clock.advance(15_000)
    assert.deepEqual(paths(), ['register', 'keepalive'])
    await clock.advance(1_200_000)
    const minutes = given.map((ms) => Math.round((ms - startMs) / 60_000))
    assert.deepEqual(minutes, [0, 10, 19, 29])
  })

  it('is not hurried by a token that ends and is not replaced', async (t) => {
    const clock = createFakeClock()
    const iat = Math.floor(clock.wallMs() / 1000)
    const token = `a.${btoa(JSON.stringify({ sub: 'me', iat, exp: iat + 600 }))}.c`
    const { paths } = await open(t, { getToken: () => token, clock, keepAliveSeconds: 3600 })
    await clock.advance(1_700_000)
    assert.deepEqual(paths(), ['register', 'keepalive'])
  })

  it('asks for a fresh token when one is refused, once', async (t) => {
    const { server, clock, states, tokens, registration } = await open(t)
    server.answerWith(() => refusal(401, 'unauthorized'))
    await clock.advance(15_000)
    assert.deepEqual(tokens, [false, false, true], 'the keepalive asked again at once')
    await clock.advance(60_000)
    assert.equal(registration.state.status, 'closed')
    assert.equal(states.at(-1)?.reason, 'unauthorized')
    await assert.rejects(registration.online(), { code: 'unauthorized' })
  })

  it('does not take an endpoint back that was taken over', async (t) => {
    const { server, clock, states } = await open(t)
    server.last().receive(0xe0, 2, 0x8e, 0)
    await clock.advance(60_000)
    assert.equal(server.sockets.length, 1)
    assert.deepEqual([states.at(-1)?.status, states.at(-1)?.reason], ['closed', 'taken_over'])
  })

  it('gives its id up when its page is left, and has it again when the page is back', async (t) => {
    const locks = createFakeLocks()
    const kept = new Map<string, string>()
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, id: string) => void kept.set(key, id),
    }
    let count = 0
    const random = { fraction: () => 0.5, uuid: () => `id-${++count}` }
    const { registration, clock, states, paths, server, leave, wakeUp } = await open(t, {
      storage,
      locks: locks.open(),
      random,
    })
    const id = registration.userEndpointId
    leave()
    await clock.advance(0)
    assert.deepEqual([states.at(-1)?.status, server.last().isClosed], ['reconnecting', true])
    wakeUp()
    await clock.advance(0)
    assert.deepEqual([registration.userEndpointId, paths()], [id, ['register', 'keepalive']])

    // A duplicate of the tab, made before it was left, has it now.
    leave()
    await clock.advance(0)
    const taken = locks.open().request(`rollcall.endpoint.${id}`, {}, () => new Promise(() => undefined))
    taken.catch(() => undefined)
    wakeUp()
    await clock.advance(0)
    assert.notEqual(registration.userEndpointId, id)
    assert.deepEqual([paths().at(-1), states.at(-1)?.status], ['register', 'online'])
  })

  for (const [what, code, reason] of [
    ['a token', 0x87, 'unauthorized'],
    ['everybody', 0x97, 'link_refused'],
  ] as const)
    it(`says that the connection refuses ${what}`, async (t) => {
      const { server, clock, states } = await open(t)
      server.codes.connack = code
      server.last().emit('close')
      await clock.advance(500)
      assert.equal(states.at(-1)?.reason, reason)
    })

  it('takes a refused subscription for an ended registration', async (t) => {
    const { server, clock, states, paths } = await open(t)
    server.codes.suback = 0x87
    server.last().emit('close')
    await clock.advance(500)
    assert.deepEqual([states.at(-1)?.status, states.at(-1)?.reason], ['expired', 'registration_ended'])
    server.codes.suback = 1
    await clock.advance(1_000)
    assert.equal(paths().at(-1), 'register')
  })

  it('gives up what nothing but a change of the program mends', async (t) => {
    const { server, clock, registration } = await open(t)
    server.answerWith(() => refusal(400, 'too_many_endpoints'))
    server.last().emit('close')
    await clock.advance(500)
    assert.equal(registration.state.reason, 'refused')
    await assert.rejects(registration.online(), { code: 'too_many_endpoints' })
  })

  it('does not wait for ever: for getToken, for an answer, for a connection', async (t) => {
    const never = (): Promise<never> => new Promise(() => undefined)
    const token = await open(t, { getToken: never })
    await token.clock.advance(15_000)
    assert.equal(token.states.at(-1)?.reason, 'token_failed')
    const http = await open(t)
    http.server.answerWith(never)
    http.server.last().emit('close')
    await http.clock.advance(15_500)
    assert.equal(http.states.at(-1)?.reason, 'timeout')
  })

  it('refuses options that cannot be meant', () => {
    const given = { url: 'http://a', getToken: () => 'T', onEvent: () => undefined }
    const { WebSocket } = createFakeRollcall()
    for (const wrong of [
      { url: 'ftp://a' },
      { url: 'a' },
      { keepAliveSeconds: 0 },
      { keepAliveSeconds: 1.5 },
      { timeoutMs: Number.NaN },
      { handlerAttemptsMax: 101 },
      { userEndpointId: 'a/b' },
    ])
      assert.throws(
        () => connect({ ...given, WebSocket, ...wrong }),
        (error) =>
          error instanceof SdkError && error.code === 'invalid_option' && /must be/.test(error.message),
      )
  })
})
