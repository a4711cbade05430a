import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusalOf } from './refusal.ts'

const answer = (body: object, status = 503) => new Response(JSON.stringify(body), { status })

test('a refusal names the event that may be delivered all the same, and only then', async () => {
  const undecided = await refusalOf(answer({ error: 'unavailable', message: 'm', eventId: 'e-1' }))
  assert.deepEqual([undecided.code, undecided.eventId, undecided.isUndecided], ['unavailable', 'e-1', true])
  assert.equal(undecided.fields.size, 0)
  const refused = await refusalOf(answer({ error: 'unavailable', message: 'm' }))
  assert.deepEqual([refused.eventId, refused.isUndecided], [undefined, false])
})
