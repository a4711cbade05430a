import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Webhook } from '../../api/api.ts'
import { begin, look } from './replay.ts'

function hook(deadLetters: number, more: Partial<Webhook> = {}): Webhook {
  return {
    id: 'hook',
    url: 'https://hooks.example/',
    events: ['*'],
    enabled: true,
    pending: 0,
    deadLetters,
    ...more,
  }
}

const FAILED = { lastFailureAt: '2026-01-01T00:00:00.000Z', lastFailure: 'status_500' }

test('a replay goes on until all of it is taken', () => {
  const replay = begin(hook(250, FAILED), 200, 0)
  const going = look(replay, hook(150, FAILED), 1_000)
  assert.deepEqual(going, {
    is: 'going',
    left: 100,
    replay: { ...replay, deadLetters: 150, movedAtMs: 1_000 },
  })
  assert.deepEqual(look(replay, hook(50, FAILED), 2_000), { is: 'taken', count: 200 })
})

test('a replay that the receiver has refused is over', () => {
  const again = { lastFailureAt: '2026-01-01T00:00:09.000Z', lastFailure: 'status_503' }
  const replay = begin(hook(3, FAILED), 3, 0)
  assert.deepEqual(look(replay, hook(2, again), 1_000), { is: 'stopped', left: 2, failure: 'status_503' })
  assert.deepEqual(look(replay, hook(0, again), 1_000), { is: 'taken', count: 3 })
})

test('a replay that does not move is not waited for: the server may have been started anew', () => {
  const replay = begin(hook(3), 3, 0)
  assert.equal(look(replay, hook(3), 30_000).is, 'going')
  assert.deepEqual(look(replay, hook(3), 30_001), { is: 'stopped', left: 3, failure: undefined })
  const moved = look(replay, hook(2), 29_000)
  assert.ok(moved.is === 'going')
  assert.equal(look(moved.replay, hook(2), 58_000).is, 'going')
})

test('letters dropped meanwhile end it', () => {
  assert.equal(look(begin(hook(3), 5, 0), hook(0), 1).is, 'taken')
})
