import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { refusal } from '../../../test/helpers/fake-rollcall.ts'
import { type BackendOptions, createBackend, type Message } from './backend.ts'

const OFFER: Message = { userId: 'bob', qos: 1, event: { type: 'CallOfferedEvent' } }
const ACCEPTED = (): Response => Response.json(1, { headers: { 'event-id': 'e%201' } })

/** A backend whose requests are answered by `answers`, the last one for ever. */
function open(
  answers: readonly (() => Response | Promise<Response>)[],
  overrides: Partial<BackendOptions> = {},
) {
  const clock = createFakeClock()
  const requests: Request[] = []
  const bodies: unknown[] = []
  const tokens: boolean[] = []
  let ids = 0
  const backend = createBackend({
    url: 'http://127.0.0.1:1',
    credentials: ({ refused }) => `T${tokens.push(refused)}`,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      requests.push(request)
      bodies.push(
        await request
          .clone()
          .json()
          .catch(() => undefined),
      )
      const answer = answers[Math.min(requests.length, answers.length) - 1]
      return answer === undefined ? assert.fail() : answer()
    },
    clock,
    random: { fraction: () => 0.5, uuid: () => `u${++ids}` },
    ...overrides,
  })
  return { backend, clock, requests, bodies, tokens }
}

describe('send', () => {
  it('fills in the time, keeps the rest, and reads the receipts', async () => {
    const headers = { 'event-id': 'e%201', acknowledged: '2', connected: '3', 'preference-applied': 'wait=5' }
    const { backend, requests, bodies } = open([() => Response.json(4, { headers })])
    const cancelOthers = { event: { type: 'CallCancelledEvent' } }
    const receipt = await backend.send({ ...OFFER, ttlSeconds: 9, cancelOthers }, { waitSeconds: 5 })
    assert.deepEqual(receipt, { count: 4, eventId: 'e 1', acknowledged: 2, connected: 3 })
    const timestamp = '2026-01-01T00:00:00.000Z'
    assert.deepEqual(bodies, [
      {
        userId: 'bob',
        qos: 1,
        ttlSeconds: 9,
        event: { type: 'CallOfferedEvent', timestamp },
        cancelOthers: { event: { type: 'CallCancelledEvent', timestamp } },
      },
    ])
    assert.equal(requests[0]?.headers.get('prefer'), 'wait=5')
  })

  it('asks for an answer, and reads who gave it', async () => {
    const headers = { 'event-id': 'e', acknowledged: '2', connected: '2', answered: 'b%C3%B6b' }
    const { backend, bodies } = open([() => Response.json(2, { headers })])
    const cancelOthers = {
      event: { type: 'CallCancelledEvent', timestamp: 't' },
      on: 'acknowledged',
    } as const
    const message: Message = { ...OFFER, cancelOthers, waitFor: 'answered', graceMs: 0 }
    const { answeredBy } = await backend.send(message, { waitSeconds: 5 })
    assert.equal(answeredBy, 'böb')
    const [body] = bodies
    assert.ok(typeof body === 'object' && body !== null)
    assert.deepEqual(
      [Reflect.get(body, 'cancelOthers'), Reflect.get(body, 'waitFor'), Reflect.get(body, 'graceMs')],
      [cancelOthers, 'answered', 0],
    )
  })

  it('tries again with the same key what may succeed later, as late as it is asked to', async () => {
    const { backend, clock, requests } = open([
      () => Promise.reject(new TypeError('fetch failed')),
      () => refusal(503, 'unavailable', { 'retry-after': '7' }),
      () => refusal(429, 'rate_limited'),
      ACCEPTED,
    ])
    const sending = backend.send(OFFER)
    await clock.advance(125)
    assert.equal(requests.length, 2)
    await clock.advance(6_999)
    assert.equal(requests.length, 2)
    await clock.advance(1 + 500)
    assert.deepEqual(await sending, { count: 1, eventId: 'e 1' })
    assert.deepEqual([...new Set(requests.map(({ headers }) => headers.get('idempotency-key')))], ['u1'])
  })

  it('names the event that may be delivered, though a later attempt was refused before anything was done', async () => {
    const body = JSON.stringify({ error: 'unavailable', message: 'm', eventId: 'e-1' })
    const { backend, clock } = open(
      [async () => new Response(body, { status: 503 }), () => refusal(503, 'unavailable')],
      { retriesMax: 2 },
    )
    const sending = assert.rejects(backend.send(OFFER), { code: 'unavailable', eventId: 'e-1' })
    await clock.advance(10_000)
    await sending
  })

  it('gives up in the end, and at once what will not succeed', async () => {
    const busy = open([() => refusal(503, 'unavailable')], { retriesMax: 2 })
    const sending = assert.rejects(busy.backend.send(OFFER), { code: 'unavailable' })
    await busy.clock.advance(10_000)
    await sending
    assert.equal(busy.requests.length, 3)
    const wrong = open([() => refusal(400, 'invalid_request')])
    await assert.rejects(wrong.backend.send(OFFER), { code: 'invalid_request' })
    assert.equal(wrong.requests.length, 1)
  })

  it('asks for one other token when one is refused', async () => {
    const { backend, clock, tokens } = open([() => refusal(401, 'unauthorized')])
    const sending = assert.rejects(backend.send(OFFER), { code: 'unauthorized' })
    await clock.advance(10_000)
    await sending
    assert.deepEqual(tokens, [false, true])
  })

  it('ends in time, or when aborted, also between two attempts', async () => {
    const never = open([() => new Promise(() => undefined)], { timeoutMs: 1_000 })
    const late = assert.rejects(never.backend.send(OFFER, { waitSeconds: 2 }), { code: 'timeout' })
    await never.clock.advance(2_999)
    assert.equal(never.clock.pending(), 1)
    await never.clock.advance(1)
    await late
    const controller = new AbortController()
    const busy = open([() => refusal(503, 'unavailable', { 'retry-after': '60' })])
    const aborted = assert.rejects(busy.backend.send(OFFER, { signal: controller.signal }), {
      code: 'aborted',
    })
    await busy.clock.advance(100)
    controller.abort()
    await aborted
    assert.equal(busy.clock.pending(), 0)
    await assert.rejects(busy.backend.send(OFFER, { signal: controller.signal }), { code: 'aborted' })
    await assert.rejects(busy.backend.send(OFFER, { waitSeconds: 31 }), { code: 'invalid_option' })
  })
})

describe('client credentials', () => {
  it('are turned into a token once, until shortly before its end', async () => {
    const answer = { access_token: 'A', sub: 'acme-backend', expires_in: 100 }
    const asked: string[] = []
    const fetch: BackendOptions['fetch'] = async (input) => {
      const { pathname } = new URL(new Request(input).url)
      asked.push(pathname)
      return pathname.endsWith('token') ? Response.json(answer) : ACCEPTED()
    }
    const { backend, clock } = open([], { credentials: { clientId: 'c', clientSecret: 's' }, fetch })
    const tokens = (): number => asked.filter((path) => path === '/security/oauth/token').length
    await Promise.all([backend.send(OFFER), backend.send(OFFER), backend.send(OFFER)])
    await clock.advance(89_999)
    await backend.send(OFFER)
    assert.equal(tokens(), 1)
    await clock.advance(1)
    await backend.send(OFFER)
    assert.equal(tokens(), 2)
  })

  it('are shown again to a token endpoint that has taken them and does not answer', async () => {
    let asked = 0
    const fetch: BackendOptions['fetch'] = async (input, init) => {
      if (!new Request(input).url.endsWith('token')) return ACCEPTED()
      if (++asked > 1) return Response.json({ access_token: 'A', sub: 'acme-backend', expires_in: 100 })
      return new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
      })
    }
    const { backend, clock } = open([], { credentials: { clientId: 'c', clientSecret: 's' }, fetch })
    const sending = backend.send(OFFER)
    await clock.advance(9_999)
    assert.equal(asked, 1)
    await clock.advance(1_000)
    assert.equal((await sending).eventId, 'e 1')
    assert.equal(asked, 2)
  })
})

describe('any other request', () => {
  it('is made as asked, and made again only where that does no harm', async () => {
    const lost = (): Promise<Response> => Promise.reject(new TypeError('fetch failed'))
    const get = open([lost, () => Response.json({ webhooks: [] })])
    const listing = get.backend.request('/rtc-api/webhooks')
    await get.clock.advance(10_000)
    assert.deepEqual(await listing, { webhooks: [] })
    const post = open([lost, () => Response.json({ count: 1 }, { status: 202 })])
    const path = '/rtc-api/webhooks/a/deadLetters/replay'
    await assert.rejects(post.backend.request(path, { method: 'POST', body: { ids: ['e'] } }), TypeError)
    assert.equal(post.requests.length, 1)
    assert.deepEqual(post.bodies, [{ ids: ['e'] }])
    const remove = open([() => new Response(null, { status: 204 })])
    assert.equal(await remove.backend.request('/rtc-api/a', { method: 'DELETE' }), undefined)
    const change = { method: 'PATCH', body: {}, headers: { 'if-match': '"7"', Authorization: 'mine' } }
    await remove.backend.request('/rtc-api/a', change)
    const { headers } = remove.requests.at(-1) ?? new Request('http://127.0.0.1')
    assert.equal(headers.get('if-match'), '"7"')
    assert.equal(headers.get('authorization'), 'Bearer T2', 'nobody replaces the token')
    assert.equal(headers.get('content-type'), 'application/json')
    const head = open([() => new Response(null, { status: 200 })])
    assert.equal(await head.backend.request('/healthz', { method: 'HEAD' }), undefined)
  })

  it('goes to this server alone, and to what was named', async () => {
    const { backend, requests } = open([() => Response.json({})])
    for (const path of [
      '',
      'rtc-api/a',
      'https://evil.example/',
      'https:/evil.example/',
      'https:evil.example',
      'data:,',
      '//evil.example/x',
      '/\\evil.example/x',
      '/a\\..\\b',
      'http://127.0.0.1:1:2/',
      '/\t/[',
      '\\/evil.example/x',
      '/\t/evil.example/x',
      ' //evil.example/x',
      '//127.0.0.1:1/rtc-api/a',
      '/rtc-api/users/./endpoints',
      '/rtc-api/users/bob/endpoints/..',
      '/rtc-api/users/%2e%2E/endpoints?a',
    ])
      await assert.rejects(backend.request(path), { code: 'invalid_request' }, path)
    // `encodeURIComponent` leaves dots as they are, and a URL takes them for steps.
    for (const id of ['.', '..'])
      await assert.rejects(backend.history.find(id), { code: 'invalid_request' }, id)
    assert.deepEqual(requests, [])
    for (const path of ['/', '/rtc-api/a.b/...?next=//c/../d#//e', '/rtc-api/events/%2F..%2F'])
      await backend.request(path)
    assert.ok(requests.every(({ url }) => new URL(url).origin === 'http://127.0.0.1:1'))
  })

  it('waits for the end of an answer no longer than for its beginning', async () => {
    const endless = (): Response => new Response(new ReadableStream(), { status: 200 })
    const { backend, clock } = open([endless], { timeoutMs: 1_000 })
    const asking = [backend.request('/rtc-api/webhooks'), backend.statistics(), backend.presence(['bob'])]
    const refused = Promise.all(asking.map((asked) => assert.rejects(asked, { code: 'timeout' })))
    await clock.advance(1_000)
    await refused
    const life = new AbortController()
    const left = assert.rejects(backend.history.find('e', { signal: life.signal }), { code: 'aborted' })
    await clock.advance(0)
    life.abort()
    await left
  })
})

describe('a preview of masks', () => {
  it('shows the event as it would be stored, asks again where that may help, and tells what is wrong', async () => {
    const { backend, clock, requests, bodies } = open([
      () => refusal(503, 'unavailable'),
      () => Response.json({ event: { a: '*' }, more: 1 }),
      () => refusal(400, 'invalid_mask'),
      () => Response.json({ event: [] }),
    ])
    const asking = backend.previewMasks({ a: 'b' }, ['$.a'])
    await clock.advance(250)
    assert.deepEqual(await asking, { a: '*' })
    assert.equal(requests[1]?.url, 'http://127.0.0.1:1/rtc-api/masks/preview')
    assert.deepEqual(bodies[1], { event: { a: 'b' }, masks: ['$.a'] })
    await assert.rejects(backend.previewMasks({}, ['$[']), { code: 'invalid_mask' })
    await assert.rejects(backend.previewMasks({}, []), { code: 'internal_error' })
    await assert.rejects(backend.previewMasks({}, [], { signal: AbortSignal.abort() }), { code: 'aborted' })
  })
})

describe('presence and history', () => {
  it('reads who is there', async () => {
    const users = [
      { userId: 'bob', registered: 2, connected: 1, lastSeenAt: '2026-01-01T00:00:00Z', more: 1 },
      { userId: '__proto__', registered: 0, connected: 0, lastSeenAt: null },
    ]
    const { backend, bodies } = open([() => Response.json({ users })])
    const [bob, other] = await backend.presence(['bob', '__proto__'])
    assert.deepEqual(bob, {
      userId: 'bob',
      registered: 2,
      connected: 1,
      lastSeenAt: '2026-01-01T00:00:00Z',
    })
    assert.equal(other?.userId, '__proto__')
    assert.deepEqual(bodies, [{ userIds: ['bob', '__proto__'] }])
  })

  it('says who sent a record, as far as it is told', async () => {
    const record = (sentBy?: unknown) => ({
      ...{ id: '1', organizationId: 'acme', userId: 'bob', qos: 1, event: {}, endpoints: [] },
      acceptedAt: '2026-01-01T00:00:00Z',
      ...(sentBy === undefined ? {} : { sentBy }),
    })
    const told = [undefined, { kind: 'client', id: 'acme-backend' }, { kind: 'service' }, { kind: 'robot' }]
    const { backend } = open([() => Response.json({ events: told.map(record) })])
    const { events } = await backend.history.list()
    assert.deepEqual(
      events.map(({ sentBy }) => sentBy),
      [undefined, { kind: 'client', id: 'acme-backend' }, { kind: 'service' }, undefined],
    )
  })

  it('asks page after page, also after an empty one', async () => {
    const record = (id: string) => ({
      id,
      organizationId: 'acme',
      userId: 'bob',
      qos: 1,
      acceptedAt: '2026-01-01T00:00:00Z',
      event: {},
      endpoints: [{ userEndpointId: 'a', outcome: 'queued' }],
    })
    const { backend, requests } = open([
      () => Response.json({ events: [record('3')], nextCursor: 'c1' }),
      () => Response.json({ events: [], nextCursor: 'c2' }),
      () => Response.json({ events: [record('1')] }),
    ])
    const ids: string[] = []
    for await (const { id } of backend.history.all({ userId: 'b&b' })) ids.push(id)
    assert.deepEqual(ids, ['3', '1'])
    assert.deepEqual(
      requests.map(({ url }) => new URL(url).search),
      ['?userId=b%26b', '?userId=b%26b&cursor=c1', '?userId=b%26b&cursor=c2'],
    )
  })

  it('reads who answered, when, and with what', async () => {
    const record = {
      ...{ id: 'e', organizationId: 'acme', userId: 'bob', qos: 1, acceptedAt: '2026-01-01T00:00:00Z' },
      event: {},
      endpoints: [{ userEndpointId: 'a', outcome: 'acknowledged', answeredAt: '2026-01-01T00:00:04Z' }],
    }
    const answered = { answeredAt: '2026-01-01T00:00:04Z', answeredBy: 'a', answer: { pin: '****' } }
    const read = (more: object) =>
      open([() => Response.json({ ...record, ...more })]).backend.history.find('e')
    assert.deepEqual(await read({ ...answered, more: 1 }), { ...record, ...answered })
    assert.deepEqual(await read({}), record)
    for (const wrong of [{ answeredAt: 1 }, { answeredAt: 't' }, { ...answered, answer: [] }])
      await assert.rejects(read(wrong), /not what the contract says/)
  })

  it('refuses answers that break the contract', async () => {
    for (const answer of [[], { events: 1 }, { events: [{ id: 'a' }] }, { events: [null] }])
      await assert.rejects(open([() => Response.json(answer)]).backend.history.list(), (error: Error) =>
        /not what the contract says/.test(error.message),
      )
  })
})
