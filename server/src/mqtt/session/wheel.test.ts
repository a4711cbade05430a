import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { type Due, Wheel } from './wheel.ts'

/** Wants to be called at each of `wantedMs`; keeps when it was. */
class Patient implements Due {
  wheelSlot = -1
  readonly calledMs: number[] = []
  readonly #wantedMs: readonly number[]

  constructor(wantedMs: readonly number[]) {
    this.#wantedMs = wantedMs
  }

  due(nowMs: number): number | undefined {
    this.calledMs.push(nowMs)
    return this.#wantedMs.find((atMs) => atMs > nowMs)
  }
}

test('never early, at most a tick late, and seen at least once a turn', async () => {
  const clock = createFakeClock()
  const wheel = new Wheel(clock)
  const near = new Patient([100, 1000, 1001])
  const far = new Patient([60_000])
  wheel.schedule(near, 100)
  wheel.schedule(far, 60_000)
  await clock.advance(61_000)
  assert.deepEqual(near.calledMs, [250, 1000, 1250])
  assert.deepEqual(far.calledMs, [16_000, 32_000, 48_000, 60_000])
  wheel.close()
  assert.equal(clock.pending(), 0)
})

test('a new time replaces the old one; what was removed is not called', async () => {
  const clock = createFakeClock()
  const wheel = new Wheel(clock)
  const [moved, removed] = [new Patient([]), new Patient([])]
  wheel.schedule(moved, 10_000)
  wheel.schedule(moved, 500)
  wheel.schedule(removed, 500)
  wheel.remove(removed)
  await clock.advance(20_000)
  assert.deepEqual([moved.calledMs, removed.calledMs], [[500], []])
  wheel.close()
})

test('after a standstill only what was due by then is called, once sockets were read', async () => {
  const { tick, clock } = standingClock()
  const wheel = new Wheel(clock)
  const patients = Array.from({ length: 100 }, (_, index) => {
    const patient = new Patient([])
    wheel.schedule(patient, index * 150)
    return patient
  })
  tick(1_000_000)
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
  const called = patients.map(({ calledMs }) => calledMs.length)
  assert.deepEqual(called, [...Array(7).fill(1), ...Array(93).fill(0)], 'a second has passed')
})

/** A clock whose periodic call comes only when told to. */
function standingClock() {
  const clock = createFakeClock()
  let nowMs = 0
  let run = (): void => {}
  const standing = {
    ...clock,
    monotonicMs: () => nowMs,
    every: (_periodMs: number, turn: () => void) => {
      run = turn
      return { cancel: () => {} }
    },
  }
  return {
    clock: standing,
    tick(atMs: number) {
      nowMs = atMs
      run()
    },
  }
}
