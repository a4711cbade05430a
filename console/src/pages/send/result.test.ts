import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NEW_FORM } from './form.ts'
import { messageOf } from './message.ts'
import { resultOf } from './result.ts'

const form = { ...NEW_FORM, userId: 'bob' }

test('with receipts', () => {
  assert.deepEqual(resultOf({ count: 2, eventId: 'e', connected: 1, acknowledged: 1 }, form), {
    tone: 'success',
    sentence: 'Accepted for 2 devices: 1 connected, 1 acknowledged in time.',
  })
  assert.equal(resultOf({ count: 1, eventId: 'e', connected: 0, acknowledged: 0 }, form).tone, 'warning')
})

test('without', () => {
  assert.equal(
    resultOf({ count: 1, eventId: 'e' }, form).sentence,
    'Accepted for 1 device: kept until acknowledged.',
  )
  assert.match(resultOf({ count: 3, eventId: 'e' }, { ...form, qos: '0' }).sentence, /sent at once/)
})

test('for nobody', () => {
  assert.equal(
    resultOf({ count: 0, eventId: 'e', connected: 0, acknowledged: 0 }, form).sentence,
    'Nobody is registered as bob: nothing was sent.',
  )
  assert.equal(
    resultOf({ count: 0, eventId: 'e' }, { ...form, userEndpointId: 'tab' }).sentence,
    'bob has no device tab registered now: nothing was sent.',
  )
})

test('with an answer that was waited for', () => {
  const asked = { ...form, waitFor: 'answered' as const, waitSeconds: '30' as const }
  const receipt = { count: 2, eventId: 'e', connected: 2, acknowledged: 2 }
  assert.deepEqual(resultOf({ ...receipt, answeredBy: 'bobs-phone' }, asked), {
    tone: 'success',
    sentence: 'Answered by bobs-phone. Accepted for 2 devices.',
  })
  assert.deepEqual(resultOf(receipt, asked), {
    tone: 'warning',
    sentence: 'Nobody answered in time. Accepted for 2 devices: 2 connected, 2 acknowledged.',
  })
  assert.equal(messageOf(asked, undefined, 0).waitFor, 'answered')
  assert.equal(messageOf({ ...asked, waitSeconds: '0' }, undefined, 0).waitFor, undefined)
  assert.equal(messageOf({ ...asked, qos: '0' }, undefined, 0).waitFor, undefined)
})
