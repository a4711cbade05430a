import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBoundedCache } from './bounded-cache.ts'

test('a cache never holds more than its entries, and keeps what is used', () => {
  const cache = createBoundedCache<number>({ entriesMax: 100, keyCharactersMax: 1_000_000 })
  cache.set('used', -1)
  for (let i = 0; i < 10_000; i++) {
    cache.set(`key ${i}`, i)
    assert.ok(cache.size() <= 100)
    assert.equal(cache.get('used'), -1)
  }
  assert.equal(cache.get('key 0'), undefined)
  assert.equal(cache.get('key 9999'), 9999)
})

test('long keys fill it sooner', () => {
  const cache = createBoundedCache<number>({ entriesMax: 1000, keyCharactersMax: 10_000 })
  for (let i = 0; i < 100; i++) cache.set(String(i).padStart(1000, ' '), i)
  assert.ok(cache.size() <= 10)
})

test('setting a key again replaces its value in both generations', () => {
  const cache = createBoundedCache<number>({ entriesMax: 4, keyCharactersMax: 1000 })
  for (const [key, value] of [
    ['a', 1],
    ['b', 2],
    ['c', 3],
    ['a', 9],
  ] as const)
    cache.set(key, value)
  assert.equal(cache.get('a'), 9)
  cache.set('d', 4)
  cache.set('e', 5)
  assert.notEqual(cache.get('a'), 1)
})

test('what nobody asks for goes in time, and what is asked for stays', () => {
  let nowMs = 0
  const bounds = { entriesMax: 1000, keyCharactersMax: 10_000, idleMsMax: 100, nowMs: () => nowMs }
  const cache = createBoundedCache<number>(bounds)
  cache.set('idle', 1)
  cache.set('used', 2)
  for (; nowMs < 500; nowMs += 50) {
    assert.equal(cache.get('used'), 2)
    cache.set(`new at ${nowMs}`, nowMs)
    assert.ok(cache.size() <= 8, `${cache.size()} at ${nowMs}`)
  }
  assert.equal(cache.get('idle'), undefined)
})

test('a cleared cache is empty', () => {
  const cache = createBoundedCache<number>({ entriesMax: 4, keyCharactersMax: 1000 })
  for (const key of ['a', 'b', 'c', '__proto__']) cache.set(key, 1)
  cache.clear()
  assert.deepEqual(
    [cache.size(), cache.get('a'), cache.get('__proto__'), cache.get('constructor')],
    [0, undefined, undefined, undefined],
  )
})
