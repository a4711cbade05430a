import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FeedEntry } from '../store/store.ts'
import { batchOf } from './batch.ts'
import { eventIdOf, lifecycleEvent, sequenceOf } from './lifecycle-event.ts'

const HOOK = { organizationId: 'acme', webhookId: 'hook' }

function entry(sequence: number, more: Partial<FeedEntry> = {}): FeedEntry {
  return {
    sequence,
    organizationId: 'acme',
    userId: 'alice',
    userEndpointId: 'phone',
    type: 'UserEndpointDisconnectedEvent',
    reason: 'connection_lost',
    atWallMs: 1_767_225_600_000,
    registeredAtWallMs: 1_767_225_500_000,
    lastKeepAliveAtWallMs: 1_767_225_590_000,
    keepAliveSeconds: 15,
    ...more,
  }
}

test('an event says what the entry says', () => {
  assert.deepEqual(lifecycleEvent(entry(258, { connectedAtWallMs: 1_767_225_500_001 })), {
    id: '019b76da-a800-8000-8000-000000000102',
    type: 'UserEndpointDisconnectedEvent',
    timestamp: '2026-01-01T00:00:00.000Z',
    organizationId: 'acme',
    userId: 'alice',
    userEndpointId: 'phone',
    sequence: 258,
    reason: 'connection_lost',
    registeredAt: '2025-12-31T23:58:20.000Z',
    lastKeepAliveAt: '2025-12-31T23:59:50.000Z',
    keepAliveSeconds: 15,
    connectedAt: '2025-12-31T23:58:20.001Z',
  })
})

test('an id leads back to the sequence, and nothing else does', () => {
  for (const sequence of [1, 4096, 2 ** 32, Number.MAX_SAFE_INTEGER])
    assert.equal(sequenceOf(eventIdOf(entry(sequence))), sequence)
  for (const text of ['', '__proto__', '019b76da-a800-7000-8000-000000000102', `${eventIdOf(entry(1))} `])
    assert.equal(sequenceOf(text), undefined, text)
  assert.equal(sequenceOf('019b76da-a800-8000-8fff-ffffffffffff'), undefined)
})

test('a batch holds at most 100 events and 256 KiB, but always one', () => {
  const many = Array.from({ length: 150 }, (_, index) => entry(index + 1))
  const batch = batchOf(HOOK, many)
  assert.deepEqual(batch?.entries, many.slice(0, 100))
  assert.deepEqual(
    JSON.parse(String(batch?.body)).events.map((event: { sequence: number }) => event.sequence),
    many.slice(0, 100).map(({ sequence }) => sequence),
  )
  const long = many.map((one) => ({ ...one, eventId: '\u0001'.repeat(10_000) }))
  const few = batchOf(HOOK, long)
  assert(few !== undefined && few.body.length <= 262_144 && few.entries.length === 4)
  const [huge] = long.map((one) => ({ ...one, eventId: 'x'.repeat(300_000) }))
  assert.equal(batchOf(HOOK, huge === undefined ? [] : [huge])?.entries.length, 1)
  assert.equal(batchOf(HOOK, []), undefined)
})

test('a message id names these events for this webhook', () => {
  const of = (hook: typeof HOOK, ...sequences: readonly number[]) =>
    batchOf(
      hook,
      sequences.map((sequence) => entry(sequence)),
    )?.messageId
  assert.equal(of(HOOK, 1, 2), of(HOOK, 1, 2))
  const ids = [of(HOOK, 1), of(HOOK, 2), of(HOOK, 1, 2), of({ ...HOOK, webhookId: 'other' }, 1)]
  assert.equal(new Set(ids).size, 4)
  assert.match(ids[0] ?? '', /^msg_[\w-]{27}$/)
})
