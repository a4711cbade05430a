import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { Buckets } from './buckets.ts'
import { RateLimited } from './rate-limited.ts'

/** How many of `count` single ones get through. */
function passing(buckets: Buckets, key: string, count: number): number {
  let passed = 0
  for (let one = 0; one < count; one++) {
    try {
      buckets.check(key, 1)
    } catch (error) {
      assert.ok(error instanceof RateLimited)
      continue
    }
    buckets.take(key, 1)
    passed++
  }
  return passed
}

function refusal(buckets: Buckets, key: string, count: number): RateLimited {
  try {
    buckets.check(key, count)
  } catch (error) {
    if (error instanceof RateLimited) return error
  }
  return assert.fail('nothing was refused')
}

test('the burst goes at once, and then as many as are refilled', async () => {
  const clock = createFakeClock()
  const buckets = new Buckets('b', { perSecond: 3, burst: 10 }, clock)
  assert.equal(passing(buckets, 'a', 20), 10)
  await clock.advance(1000)
  assert.equal(passing(buckets, 'a', 20), 3)
  await clock.advance(333)
  assert.equal(passing(buckets, 'a', 20), 0)
  await clock.advance(1)
  assert.equal(passing(buckets, 'a', 20), 1)
  await clock.advance(3_600_000)
  assert.equal(passing(buckets, 'a', 20), 10, 'never more than the burst')
})

test('over a long time no more passes than the rate allows, and no less', async () => {
  const clock = createFakeClock()
  const buckets = new Buckets('b', { perSecond: 7, burst: 5 }, clock)
  let passed = 0
  for (let step = 0; step < 1000; step++) {
    passed += passing(buckets, 'a', 3)
    await clock.advance(100)
  }
  assert.ok(passed >= 700 && passed <= 706, String(passed))
})

test('keys do not know each other, whatever they are called', () => {
  const buckets = new Buckets('b', { perSecond: 1, burst: 1 }, createFakeClock())
  for (const key of ['__proto__', 'constructor', '', 'a'])
    assert.deepEqual([passing(buckets, key, 2), passing(buckets, key, 2)], [1, 0])
})

test('a refusal says when to come back, and does not cost anything', async () => {
  const clock = createFakeClock()
  const buckets = new Buckets('events-caller', { perSecond: 2, burst: 10 }, clock)
  buckets.take('a', 8)
  const error = refusal(buckets, 'a', 7)
  assert.deepEqual([error.code, error.retryAfterSeconds], ['rate_limited', 3])
  assert.equal(error.policyHeader, '"events-caller";q=10;w=5')
  assert.equal(error.limitHeader, '"events-caller";r=2;t=3')
  for (let again = 0; again < 100; again++) refusal(buckets, 'a', 7)
  await clock.advance(2500)
  buckets.check('a', 7)
})

test('a batch larger than the burst passes a full bucket, and is paid off', async () => {
  const clock = createFakeClock()
  const buckets = new Buckets('b', { perSecond: 10, burst: 5 }, clock)
  buckets.check('a', 100)
  buckets.take('a', 100)
  assert.equal(refusal(buckets, 'a', 1).retryAfterSeconds, 10)
  await clock.advance(9_500)
  refusal(buckets, 'a', 1)
  await clock.advance(100)
  assert.equal(passing(buckets, 'a', 10), 1)
})

test('0 per second is no limit, and remembers nobody', () => {
  const buckets = new Buckets('b', { perSecond: 0, burst: 1 }, createFakeClock())
  assert.equal(passing(buckets, 'a', 1000), 1000)
  assert.equal(buckets.size, 0)
})

test('memory is bounded, and whoever keeps asking is not forgotten', () => {
  const buckets = new Buckets('b', { perSecond: 1, burst: 1 }, createFakeClock(), 100)
  assert.equal(passing(buckets, 'busy', 1), 1)
  for (let other = 0; other < 10_000; other++) {
    passing(buckets, `other ${other}`, 1)
    if (other % 20 === 0) assert.equal(passing(buckets, 'busy', 1), 0)
    assert.ok(buckets.size <= 101, String(buckets.size))
  }
})
