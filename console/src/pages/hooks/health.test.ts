import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Webhook } from '../../api/api.ts'
import { failureInWords, healthOf } from './health.ts'

const EARLIER = '2026-01-01T00:00:00.000Z'
const LATER = '2026-01-01T00:00:00.001Z'

function wordFor(changes: Partial<Webhook>): string {
  return healthOf({
    id: 'hook',
    url: 'https://hooks.example/',
    events: ['*'],
    enabled: true,
    pending: 0,
    deadLetters: 0,
    ...changes,
  }).word
}

test('the last attempt says how a webhook is doing', () => {
  assert.equal(wordFor({}), 'Idle')
  assert.equal(wordFor({ nextAttemptAt: LATER }), 'Idle', 'about to be tried for the first time')
  assert.equal(wordFor({ lastSuccessAt: EARLIER }), 'Working')
  assert.equal(wordFor({ lastFailureAt: EARLIER }), 'Failing')
  assert.equal(wordFor({ lastSuccessAt: EARLIER, lastFailureAt: LATER }), 'Failing')
  assert.equal(wordFor({ lastSuccessAt: LATER, lastFailureAt: EARLIER, nextAttemptAt: LATER }), 'Working')
  assert.equal(wordFor({ enabled: false, lastFailureAt: EARLIER }), 'Disabled')
})

test('every code of a failure has its words, and an unknown one stays', () => {
  assert.equal(failureInWords('status_503'), 'answered 503')
  assert.equal(failureInWords('connection_refused'), 'refused the connection')
  for (const code of ['status_', '__proto__', 'constructor', '<b>']) assert.equal(failureInWords(code), code)
})
