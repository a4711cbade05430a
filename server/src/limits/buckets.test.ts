import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { Buckets, type Rate } from './buckets.ts'
import { RateLimited } from './rate-limited.ts'

/** Buckets on a clock of their own. */
function open(rate: Rate, keysMax?: number) {
  const clock = createFakeClock()
  const buckets = new Buckets('events-caller', rate, keysMax)
  const check = (key: string, count: number) => buckets.check(buckets.of(key), count, clock.monotonicMs())
  const take = (key: string, count: number) => buckets.take(buckets.of(key), count, clock.monotonicMs())
  return { clock, buckets, check, take }
}

type Opened = ReturnType<typeof open>

/** How many of `count` single ones get through. */
function passing({ check, take }: Opened, key: string, count: number): number {
  let passed = 0
  for (let one = 0; one < count; one++) {
    try {
      check(key, 1)
    } catch (error) {
      assert.ok(error instanceof RateLimited)
      continue
    }
    take(key, 1)
    passed++
  }
  return passed
}

function refusal({ check }: Opened, key: string, count: number): RateLimited {
  try {
    check(key, count)
  } catch (error) {
    if (error instanceof RateLimited) return error
  }
  return assert.fail('nothing was refused')
}

test('the burst goes at once, and then as many as are refilled', async () => {
  const opened = open({ perSecond: 3, burst: 10 })
  const { clock } = opened
  assert.equal(passing(opened, 'a', 20), 10)
  await clock.advance(1000)
  assert.equal(passing(opened, 'a', 20), 3)
  await clock.advance(333)
  assert.equal(passing(opened, 'a', 20), 0)
  await clock.advance(1)
  assert.equal(passing(opened, 'a', 20), 1)
  await clock.advance(3_600_000)
  assert.equal(passing(opened, 'a', 20), 10, 'never more than the burst')
})

test('over a long time no more passes than the rate allows, and no less', async () => {
  const opened = open({ perSecond: 7, burst: 5 })
  let passed = 0
  for (let step = 0; step < 1000; step++) {
    passed += passing(opened, 'a', 3)
    await opened.clock.advance(100)
  }
  assert.ok(passed >= 700 && passed <= 706, String(passed))
})

test('keys do not know each other, whatever they are called', () => {
  const opened = open({ perSecond: 1, burst: 1 })
  for (const key of ['__proto__', 'constructor', '', 'a'])
    assert.deepEqual([passing(opened, key, 2), passing(opened, key, 2)], [1, 0])
})

test('a refusal says when to come back, and does not cost anything', async () => {
  const opened = open({ perSecond: 2, burst: 10 })
  opened.take('a', 8)
  const error = refusal(opened, 'a', 7)
  assert.deepEqual([error.code, error.retryAfterSeconds], ['rate_limited', 3])
  assert.equal(error.policyHeader, '"events-caller";q=10;w=5')
  assert.equal(error.limitHeader, '"events-caller";r=2;t=3')
  for (let again = 0; again < 100; again++) refusal(opened, 'a', 7)
  await opened.clock.advance(2500)
  opened.check('a', 7)
})

test('a batch larger than the burst passes a full bucket, and is paid off', async () => {
  const opened = open({ perSecond: 10, burst: 5 })
  opened.check('a', 100)
  opened.take('a', 100)
  assert.equal(refusal(opened, 'a', 1).retryAfterSeconds, 10)
  await opened.clock.advance(9_500)
  refusal(opened, 'a', 1)
  await opened.clock.advance(100)
  assert.equal(passing(opened, 'a', 10), 1)
})

test('memory is bounded, and whoever keeps asking is not forgotten', () => {
  const opened = open({ perSecond: 1, burst: 1 }, 100)
  assert.equal(passing(opened, 'busy', 1), 1)
  for (let other = 0; other < 10_000; other++) {
    passing(opened, `other ${other}`, 1)
    if (other % 20 === 0) assert.equal(passing(opened, 'busy', 1), 0)
    assert.ok(opened.buckets.size <= 100 + 1_024, String(opened.buckets.size))
  }
})

test('a bucket that is not full is never forgotten, however many names come after it', async () => {
  const opened = open({ perSecond: 1, burst: 100 }, 100)
  opened.take('guessed', 100)
  for (let name = 0; name < 5_000; name++) {
    opened.take(`name ${name}`, 1)
    if (name % 10 === 0) await opened.clock.advance(10)
  }
  assert.equal(refusal(opened, 'guessed', 100).code, 'rate_limited')
  assert.ok(opened.buckets.size <= 100 + 1_024, String(opened.buckets.size))
})

test('full buckets make room, so that newcomers have their own again', async () => {
  const opened = open({ perSecond: 1, burst: 2 }, 100)
  for (let name = 0; name < 100; name++) opened.take(`name ${name}`, 2)
  opened.take('newcomer', 2)
  refusal(opened, 'newcomer', 1)
  await opened.clock.advance(1000)
  assert.equal(passing(opened, 'newcomer', 5), 1, 'what it spent where it shared a bucket is spent')
  await opened.clock.advance(10_000)
  for (let name = 0; name < 100; name++) assert.equal(passing(opened, `later ${name}`, 3), 2)
})

test('what is given back can be taken again, and never more than the burst', () => {
  const opened = open({ perSecond: 1, burst: 10 })
  const bucket = opened.buckets.of('a')
  opened.take('a', 10)
  opened.buckets.giveBack(bucket, 9)
  assert.equal(passing(opened, 'a', 20), 9)
  opened.buckets.giveBack(bucket, 100)
  assert.equal(passing(opened, 'a', 20), 10)
})
