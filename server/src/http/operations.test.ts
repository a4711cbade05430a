import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { ask, post } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'

const ENDPOINTS = '/rtc-api/users/endpoints'
const EVENT = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
const JSON_TYPE = 'application/json; charset=utf-8'

describe('the five operations', () => {
  it('register answers a bare JSON string', async (test) => {
    const { listen, registrar, clock } = await openHttp(test)
    const url = await listen()
    const answer = await post(url, ENDPOINTS, { keepAliveSeconds: 5 })
    assert.equal(answer.status, 200)
    assert.equal(answer.text, '"made-1"')
    assert.equal(answer.headers['content-type'], JSON_TYPE)
    assert.equal(answer.headers['content-length'], '8')
    assert.deepEqual(registrar.wanted, [
      { userEndpointId: undefined, keepAliveSeconds: 5, serverKeepAliveReminderOn: false },
    ])
    assert.deepEqual(registrar.authorizedUntil, [clock.wallMs() + 3_600_000])
  })

  it('register for phones answers an object, and takes their extra field', async (test) => {
    const { listen, registrar } = await openHttp(test)
    const url = await listen()
    const body = {
      userEndpointId: '6F9619FF-8B86-D011-B42D-00CF4FC964FF',
      keepAliveSeconds: 15,
      serverKeepAliveReminderOn: true,
      userId: 'alice',
    }
    const answer = await post(url, `${ENDPOINTS}/register`, body)
    assert.equal(answer.status, 200)
    assert.equal(answer.text, '{"id":"6F9619FF-8B86-D011-B42D-00CF4FC964FF"}')
    assert.equal(answer.headers['content-type'], JSON_TYPE)
    const { userId, ...wanted } = body
    assert.deepEqual(registrar.wanted, [wanted], `without ${userId}`)
  })

  it('an empty or null id at register is an absent one, and null a default', async (test) => {
    const { listen, registrar } = await openHttp(test)
    const url = await listen()
    for (const userEndpointId of ['', null])
      await post(url, ENDPOINTS, { userEndpointId, keepAliveSeconds: 5, serverKeepAliveReminderOn: null })
    const absent = { userEndpointId: undefined, keepAliveSeconds: 5, serverKeepAliveReminderOn: false }
    assert.deepEqual(registrar.wanted, [absent, absent])
  })

  it('keepalive and unregister answer 204 with nothing in it', async (test) => {
    const { listen, clock, registrar } = await openHttp(test)
    const url = await listen()
    await post(url, ENDPOINTS, { userEndpointId: 'e-1', keepAliveSeconds: 15 })
    await clock.advance(10_000)
    const bodies: [string, object][] = [
      ['keepalive', { userEndpointId: 'e-1', userId: 'alice' }],
      ['unregister', { userEndpointId: 'e-1', reason: 'User logout', userId: 'alice' }],
    ]
    for (const [operation, body] of bodies) {
      const answer = await post(url, `${ENDPOINTS}/${operation}`, body)
      assert.equal(answer.status, 204, operation)
      assert.equal(answer.text, '', operation)
      for (const name of ['content-type', 'content-length', 'transfer-encoding'])
        assert.equal(answer.headers[name], undefined, `${operation}: ${name}`)
    }
    assert.equal(registrar.authorizedUntil[1], clock.wallMs() + 3_600_000)
  })

  it('keepalive and unregister of what is not there: the same 400', async (test) => {
    const { listen, refused } = await openHttp(test)
    const url = await listen()
    await post(url, ENDPOINTS, { userEndpointId: 'alices', keepAliveSeconds: 15 })
    for (const [operation, id, token] of [
      ['keepalive', 'nobodys', 'alice'],
      ['keepalive', 'alices', 'bob'],
      ['unregister', 'nobodys', 'alice'],
      ['unregister', 'alices', 'bob'],
    ]) {
      const headers = { authorization: `Bearer ${token}` }
      const answer = await post(url, `${ENDPOINTS}/${operation}`, { userEndpointId: id }, headers)
      assert.equal(answer.status, 400)
      assert.deepEqual(JSON.parse(answer.text), {
        error: 'endpoint_unknown',
        message: 'No such endpoint of yours is registered now.',
      })
    }
    assert.deepEqual(refused, Array(4).fill('endpoint_unknown'))
  })

  it('sendEvent answers a bare integer and the id of the event', async (test) => {
    const { listen, delivery } = await openHttp(test)
    const url = await listen()
    delivery.count = 3
    const answer = await post(url, `${ENDPOINTS}/sendEvent`, { userId: 'bob', event: EVENT, qos: 1 })
    assert.equal(answer.status, 200)
    assert.equal(answer.text, '3')
    assert.equal(answer.headers['content-type'], JSON_TYPE)
    assert.equal(answer.headers['event-id'], '0190d9b2-6a8e-7cc1-9d0f-3a1f0c5b7e42')
    assert.equal(answer.headers['content-length'], '1')
    assert.equal(delivery.sent[0]?.caller, 'alice')
    assert.equal(delivery.sent[0]?.command.qos, 1)
  })

  it("sendEvent hands on the sender's own bytes and its key", async (test) => {
    const { listen, delivery } = await openHttp(test)
    const url = await listen()
    const event =
      '{ "n" : 1.0, "big":12345678901234567890,"é":"\\u00e9", "type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z"}'
    const headers = { 'idempotency-key': 'k'.repeat(128) }
    const answer = await post(url, `${ENDPOINTS}/sendEvent`, `{"event":${event},"userId":"bob"}`, headers)
    assert.equal(answer.status, 200)
    assert.equal(delivery.sent[0]?.command.event.bytes.toString('utf8'), event)
    assert.equal(delivery.sent[0]?.key, 'k'.repeat(128))
  })

  it('an event id that no header can carry is percent-encoded there', async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    for (const [id, header] of [
      ['order:1', 'order:1'],
      ['a\r\nSet-Cookie: x=1', 'a%0D%0ASet-Cookie%3A%20x%3D1'],
      ['é', '%C3%A9'],
      ['50%25', '50%2525'],
    ]) {
      const answer = await post(url, `${ENDPOINTS}/sendEvent`, { userId: 'bob', event: { ...EVENT, id } })
      assert.equal(answer.status, 200)
      assert.equal(answer.headers['event-id'], header)
    }
  })

  it('what delivery and the store refuse comes through', async (test) => {
    const { listen, delivery, registrar } = await openHttp(test)
    const url = await listen()
    delivery.failure = new RollcallError('mailbox_full', undefined, { retryAfterSeconds: 7 })
    const full = await post(url, `${ENDPOINTS}/sendEvent`, { userId: 'bob', event: EVENT, qos: 1 })
    assert.equal(full.status, 429)
    assert.equal(full.headers['retry-after'], '7')
    assert.equal(JSON.parse(full.text).error, 'mailbox_full')
    registrar.failure = new RollcallError('unavailable')
    const unavailable = await post(url, ENDPOINTS, { keepAliveSeconds: 5 })
    assert.equal(unavailable.status, 503)
    assert.match(String(unavailable.headers['retry-after']), /^\d+$/)
    assert.equal(JSON.parse(unavailable.text).error, 'unavailable')
  })
})

describe("the caller's own endpoints", () => {
  it('are listed with their times', async (test) => {
    const { listen, clock } = await openHttp(test)
    const url = await listen()
    assert.equal((await ask(url, `GET ${ENDPOINTS}`)).text, '[]')
    await post(url, ENDPOINTS, { userEndpointId: 'connected', keepAliveSeconds: 15 })
    await clock.advance(1_000)
    const answer = await ask(url, `GET ${ENDPOINTS}`)
    assert.equal(answer.status, 200)
    assert.equal(answer.headers['content-type'], JSON_TYPE)
    assert.deepEqual(JSON.parse(answer.text), [
      {
        id: 'connected',
        keepAliveSeconds: 15,
        serverKeepAliveReminderOn: false,
        registeredAt: '2026-01-01T00:00:00.000Z',
        lastKeepAliveAt: '2026-01-01T00:00:00.000Z',
        expiresAt: '2026-01-01T00:00:15.000Z',
        connected: true,
      },
    ])
    assert.equal(
      (await ask(url, `GET ${ENDPOINTS}`, { headers: { authorization: 'Bearer bob' } })).text,
      '[]',
    )
  })

  it('are found by id; unknown, foreign and impossible ids are alike', async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    const id = 'gerät 1 ∕ "Büro"'
    await post(url, ENDPOINTS, { userEndpointId: id, keepAliveSeconds: 15 })
    const found = await ask(url, `GET ${ENDPOINTS}/${encodeURIComponent(id)}`)
    assert.equal(found.status, 200)
    assert.equal(JSON.parse(found.text).id, id)
    assert.equal(JSON.parse(found.text).connected, false)
    const bob = { headers: { authorization: 'Bearer bob' } }
    const foreign = await ask(url, `GET ${ENDPOINTS}/${encodeURIComponent(id)}`, bob)
    assert.equal(foreign.status, 404)
    for (const bad of [
      'nobodys',
      '__proto__',
      'constructor',
      'a%2Fb',
      '%23',
      'x'.repeat(129),
      'x'.repeat(3_000),
    ]) {
      const answer = await ask(url, `GET ${ENDPOINTS}/${bad}`)
      assert.equal(answer.status, 404, bad.slice(0, 20))
      assert.equal(answer.text, foreign.text, bad.slice(0, 20))
    }
  })
})

describe('a caller with role SERVICE', () => {
  it('has no endpoints of its own', async (test) => {
    const { listen } = await openHttp(test)
    const url = await listen()
    const headers = { authorization: 'Bearer service', 'content-type': 'application/json' }
    for (const [line, body] of [
      [`POST ${ENDPOINTS}`, '{"keepAliveSeconds":5}'],
      [`POST ${ENDPOINTS}/register`, '{"keepAliveSeconds":5}'],
      [`POST ${ENDPOINTS}/keepalive`, '{"userEndpointId":"e"}'],
      [`POST ${ENDPOINTS}/unregister`, '{"userEndpointId":"e"}'],
      [`GET ${ENDPOINTS}`, undefined],
      [`GET ${ENDPOINTS}/e`, undefined],
    ] as const) {
      const answer = await ask(url, line, body === undefined ? { headers } : { headers, body })
      assert.equal(answer.status, 400, line)
      assert.equal(JSON.parse(answer.text).error, 'no_organization', line)
    }
  })
})
