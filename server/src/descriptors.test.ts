import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFakeClock } from '../../test/helpers/fake-clock.ts'
import { type Descriptors, linksWithin, systemDescriptors, watchDescriptors } from './descriptors.ts'

function watched(descriptors: Descriptors) {
  const clock = createFakeClock()
  const lines: string[] = []
  let exhausted = 0
  const say = (message: string): void => void lines.push(message)
  const stop = watchDescriptors({
    descriptors,
    clock,
    log: { warn: say, error: say },
    metrics: { descriptorsExhausted: () => exhausted++ },
  })
  return { clock, lines, stop, exhausted: () => exhausted }
}

test('want of descriptors is counted each second, and told once a minute', async () => {
  let isFree = true
  const { clock, lines, stop, exhausted } = watched({
    limit: () => 100,
    count: () => 50,
    hasOne: () => isFree,
  })
  await clock.advance(5_000)
  assert.deepEqual(lines, [])
  isFree = false
  await clock.advance(60_000)
  assert.equal(exhausted(), 60)
  assert.deepEqual(lines, ['no file descriptor is left: connections are closed unheard'])
  await clock.advance(60_000)
  assert.equal(lines.length, 2)
  stop()
  assert.equal(clock.pending(), 0)
})

test('that they run out is told before they have', async () => {
  let count = 94
  const { clock, lines, exhausted } = watched({ limit: () => 100, count: () => count, hasOne: () => true })
  await clock.advance(2_000)
  assert.deepEqual(lines, [])
  count = 96
  await clock.advance(50_000)
  assert.deepEqual(lines, ['file descriptors run out'])
  assert.equal(exhausted(), 0)
})

test('links leave some for everything else, and it is said when they are fewer than configured', () => {
  const lines: object[] = []
  const log = { warn: (_message: string, fields: object = {}) => void lines.push(fields) }
  const within = (linksMax: number, limit: number | undefined) =>
    linksWithin(linksMax, { limit: () => limit }, log)
  assert.deepEqual([within(100_000, 1_048_576), within(768, 1_024), within(5, undefined)], [100_000, 768, 5])
  assert.deepEqual(lines, [])
  assert.deepEqual([within(100_000, 65_536), within(100_000, 100)], [65_280, 75])
  assert.deepEqual(lines[0], { openFilesMax: 65_536, linksMax: 100_000, linksMaxInForce: 65_280 })
})

test('this machine can be asked', () => {
  assert.equal(systemDescriptors.hasOne(), true)
  if (process.platform === 'linux') assert.ok((systemDescriptors.limit() ?? 0) > 0)
})
