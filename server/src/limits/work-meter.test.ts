import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { createWorkMeter, type WorkRates } from './work-meter.ts'

const alice = { organizationId: 'acme', userId: 'alice' }
const bob = { organizationId: 'acme', userId: 'bob' }
const carol = { organizationId: 'globex', userId: 'carol' }
const RATES: WorkRates = {
  caller: { perSecond: 200, burst: 1000 },
  organization: { perSecond: 500, burst: 1500 },
  address: { perSecond: 100, burst: 500 },
}
const REFUSED = { code: 'rate_limited' }

function open(rates: Partial<WorkRates> = {}) {
  const clock = createFakeClock()
  return { clock, meter: createWorkMeter({ ...RATES, ...rates }, clock) }
}

test('work is paid for after it was done, and who is in debt waits', async () => {
  const { clock, meter } = open()
  meter.admit(alice)
  meter.spend(alice, 1200)
  assert.throws(() => meter.admit(alice), REFUSED)
  meter.admit(bob)
  await clock.advance(1_100)
  meter.admit(alice)
})

test('an organization in debt holds up its own people, and nobody else', () => {
  const { meter } = open()
  for (const worker of [alice, bob]) meter.spend(worker, 800)
  for (const worker of [alice, bob]) assert.throws(() => meter.admit({ ...worker, userId: 'other' }), REFUSED)
  meter.admit(carol)
})

test('a caller of role SERVICE is measured for itself', () => {
  const { meter } = open()
  const service = { organizationId: null, userId: 'alice' }
  meter.spend(service, 2000)
  assert.throws(() => meter.admit(service), REFUSED)
  meter.admit(alice)
})

test('strangers are measured by their address', async () => {
  const { clock, meter } = open()
  meter.spendStranger('2001:db8::1', 600)
  assert.throws(() => meter.admitStranger('2001:db8::2'), REFUSED)
  meter.admitStranger('2001:db8:1::1')
  await clock.advance(1_020)
  meter.admitStranger('2001:db8::1')
})

test('run spends what the clock has moved, also where the work throws; 0 is no limit', () => {
  let nowMs = 0
  const meter = createWorkMeter(RATES, { monotonicMs: () => nowMs })
  const dear = (): never => {
    nowMs += 1_001
    throw new Error('no')
  }
  assert.throws(() => meter.run(alice, dear), { message: 'no' })
  assert.throws(() => meter.run(alice, () => 1), REFUSED)
  const off = { perSecond: 0, burst: 1 }
  const free = createWorkMeter({ caller: off, organization: off, address: off }, { monotonicMs: () => nowMs })
  free.spend(alice, 1e9)
  free.admit(alice)
})
