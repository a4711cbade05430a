import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVENT, stampEvent } from './event.ts'
import { targetOf } from './roster.ts'
import { Tally } from './tally.ts'

const DEVICES = 10

function eventOf(sequence: number, sentAtNs = 0): Buffer {
  const bytes = Buffer.from(EVENT)
  stampEvent(bytes, bytes.length, sequence, sentAtNs)
  return bytes
}

/** A tally of the events 0 to `count`, each at its own device. */
function tallyOf(count: number): Tally {
  const tally = new Tally(DEVICES)
  for (let sequence = 0; sequence < count; sequence++)
    arrive(tally, targetOf(sequence, DEVICES), eventOf(sequence))
  return tally
}

function arrive(tally: Tally, device: number, bytes: Buffer, nowNs = 0): void {
  tally.count(device, bytes, 0, bytes.length, nowNs)
}

const GOOD = { received: 5, lost: 0, duplicates: 0, strays: 0, damaged: 0, latenciesUs: [] }

test('an event is 300 bytes', () => {
  assert.equal(Buffer.byteLength(EVENT), 300)
})

test('events that arrive once, whole and at their device are in order', () => {
  assert.deepEqual(tallyOf(5).result(5, [0, 5]), GOOD)
})

test('a lost event is missed', () => {
  assert.deepEqual(tallyOf(5).result(6, [0, 6]), { ...GOOD, lost: 1 })
})

test('an event that arrives twice is counted once, and told', () => {
  const tally = tallyOf(5)
  arrive(tally, targetOf(3, DEVICES), eventOf(3))
  assert.deepEqual(tally.result(5, [0, 5]), { ...GOOD, duplicates: 1 })
})

test('an event at another device is astray', () => {
  const tally = tallyOf(5)
  arrive(tally, (targetOf(5, DEVICES) + 1) % DEVICES, eventOf(5))
  assert.deepEqual(tally.result(6, [0, 6]), { ...GOOD, lost: 1, strays: 1 })
})

test('an event with a changed byte is damaged; one with an id put in front is not', () => {
  const tally = tallyOf(5)
  const changed = eventOf(5)
  changed[100] = 0x21
  arrive(tally, targetOf(5, DEVICES), changed)
  assert.deepEqual(tally.result(6, [0, 6]), { ...GOOD, lost: 1, damaged: 1 })
  const withId = Buffer.from(`{"id":"x",${eventOf(5).toString().slice(1)}`)
  arrive(tally, targetOf(5, DEVICES), withId)
  assert.deepEqual(tally.result(6, [0, 6]), { ...GOOD, received: 6, damaged: 1 })
})

test('latencies are those of the measured events only, sorted', () => {
  const tally = new Tally(DEVICES)
  for (const [sequence, latencyNs] of [9_000, 7_000, 5_000].entries())
    arrive(tally, targetOf(sequence, DEVICES), eventOf(sequence, 1_000_000), 1_000_000 + latencyNs)
  assert.deepEqual(tally.result(3, [1, 3]).latenciesUs, [5, 7])
})

test('targets reach every device, about equally often', () => {
  const counts = new Array<number>(DEVICES).fill(0)
  for (let sequence = 0; sequence < 10_000; sequence++) {
    const device = targetOf(sequence, DEVICES)
    counts[device] = (counts[device] ?? 0) + 1
  }
  assert.ok(Math.min(...counts) > 900 && Math.max(...counts) < 1_100, String(counts))
})
