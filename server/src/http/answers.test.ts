import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { ask, post } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'

const SEND = '/rtc-api/users/endpoints/sendEvent'

describe('POST /rtc-api/events/{id}/answer', () => {
  it('answers for an endpoint of the caller, whatever the id of the event holds', async (test) => {
    const { listen, delivery } = await openHttp(test)
    const url = await listen()
    const body = { userEndpointId: 'phone', answer: { reason: 'accepted' } }
    const answer = await post(url, `/rtc-api/events/${encodeURIComponent('e/é%')}/answer`, body)
    assert.deepEqual([answer.status, answer.text], [204, ''])
    const [given] = delivery.answers
    assert.deepEqual(given?.user, { organizationId: 'acme', userId: 'alice' })
    assert.equal(given?.command.eventId, 'e/é%')
    assert.equal(given?.command.userEndpointId, 'phone')
    assert.equal(given?.command.answer?.bytes.toString(), '{"reason":"accepted"}')
  })

  it('tells the loser who won', async (test) => {
    const { listen, delivery } = await openHttp(test)
    const url = await listen()
    delivery.failure = new RollcallError('answered_elsewhere', 'Endpoint tab was the first to answer.', {
      fields: [['answeredBy', 'tab']],
    })
    const answer = await post(url, '/rtc-api/events/e/answer', { userEndpointId: 'phone' })
    assert.equal(answer.status, 409)
    assert.deepEqual(JSON.parse(answer.text), {
      error: 'answered_elsewhere',
      message: 'Endpoint tab was the first to answer.',
      answeredBy: 'tab',
    })
  })

  it('is refused without a token, to role SERVICE, and with a body that is none', async (test) => {
    const { listen, delivery } = await openHttp(test)
    const url = await listen()
    const line = 'POST /rtc-api/events/e/answer'
    const json = { 'content-type': 'application/json' }
    const body = '{"userEndpointId":"phone"}'
    const service = { ...json, authorization: 'Bearer service' }
    for (const [status, error, options] of [
      [401, 'unauthorized', { body, headers: { ...json, authorization: 'Bearer nobody' } }],
      [400, 'no_organization', { body, headers: service }],
      [400, 'invalid_request', { body: '{"userEndpointId":1}', headers: json }],
      [400, 'malformed_json', { body: '{', headers: json }],
      [400, 'malformed_json', { headers: json }],
      [415, 'unsupported_media_type', { body, headers: { 'content-type': 'text/plain' } }],
    ] as const) {
      const answer = await ask(url, line, options)
      assert.deepEqual([answer.status, JSON.parse(answer.text).error], [status, error])
    }
    assert.deepEqual(delivery.answers, [])
  })
})

describe('the header Answered', () => {
  const command = (waitFor: string) => ({
    userId: 'bob',
    qos: 1,
    waitFor,
    graceMs: 7,
    event: { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' },
  })

  it('says which endpoint answered, where one did', async (test) => {
    const { listen, delivery } = await openHttp(test)
    const url = await listen()
    delivery.receipts = { acknowledged: 1, connected: 2, answeredBy: 'télé' }
    const answer = await post(url, SEND, command('answered'), { prefer: 'wait=7' })
    assert.equal(answer.headers['answered'], encodeURIComponent('télé'))
    const [sent] = delivery.sent
    assert.deepEqual([sent?.command.waitFor, sent?.command.graceMs], ['answered', 7])
    delivery.receipts = { acknowledged: 1, connected: 2 }
    const other = await post(url, SEND, command('acknowledged'), { prefer: 'wait=7' })
    assert.equal(other.headers['answered'], undefined)
    assert.equal(other.headers['connected'], '2')
  })
})
