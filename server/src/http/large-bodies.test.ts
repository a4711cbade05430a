import assert from 'node:assert/strict'
import { test } from 'node:test'
import { post } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import { noLimits } from '../../../test/helpers/no-limits.ts'

test('large bodies are read in the turn of whoever sends them, whatever comes of them', async (t) => {
  const limits = noLimits()
  const asked: string[] = []
  const next = limits.turns.next.bind(limits.turns)
  limits.turns.next = (caller) => {
    asked.push(caller)
    return next(caller)
  }
  const { listen } = await openHttp(t, { limits })
  const url = await listen()
  const statusOf = async (path: string, fields: object) =>
    (await post(url, `/rtc-api/users/endpoints/${path}`, fields)).status

  const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
  const text = 'x'.repeat(40_000)
  assert.equal(await statusOf('sendEvent', { userId: 'alice', event }), 200)
  assert.deepEqual(asked, [])
  assert.equal(await statusOf('sendEvent', { userId: 'alice', event: { ...event, text } }), 200)
  assert.equal(await statusOf('register', { text }), 400)
  assert.equal(await statusOf('sendEvent', { text }), 400)
  assert.equal(asked.length, 3)
  assert.equal(new Set(asked).size, 1)
})
