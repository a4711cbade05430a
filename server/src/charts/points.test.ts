import assert from 'node:assert/strict'
import { it } from 'node:test'
import { decodePoints, encodePoints } from './points.ts'
import { SAMPLE_NUMBERS } from './sample.ts'

function sampleOf(numbers: Readonly<Record<number, number>>): Float64Array {
  const sample = new Float64Array(SAMPLE_NUMBERS)
  for (const [place, number] of Object.entries(numbers)) sample[Number(place)] = number
  return sample
}

it('points come back as they were, however large their numbers', () => {
  const points = [
    { minute: 1000, sample: sampleOf({}) },
    { minute: 1001, sample: sampleOf({ 0: 1, 3: 127, 4: 128, 64: 1 }) },
    { minute: 1014, sample: sampleOf({ 0: 2 ** 32, 5: Number.MAX_SAFE_INTEGER }) },
  ]
  assert.deepEqual(decodePoints(1000, encodePoints(1000, points)), points)
})

it('a quiet minute takes a few bytes', () => {
  const quiet = { minute: 7, sample: sampleOf({ 0: 12, 1: 8 }) }
  assert(encodePoints(0, [quiet]).byteLength <= 6)
})

it('a counter that went down, or is none, is nought', () => {
  const [point] = decodePoints(
    0,
    encodePoints(0, [{ minute: 0, sample: sampleOf({ 3: -4, 4: Number.NaN }) }]),
  )
  assert.deepEqual([point?.sample[3], point?.sample[4]], [0, 0])
})

it('what a later version writes besides is left out, and bytes that are cut short end', () => {
  const later = Uint8Array.of(0, 2, 3, 9, SAMPLE_NUMBERS, 5)
  const [point] = decodePoints(0, later)
  assert.equal(point?.sample.length, SAMPLE_NUMBERS)
  assert.equal(point?.sample[3], 9)
  for (let length = 0; length < later.length; length++) decodePoints(0, later.subarray(0, length))
  decodePoints(0, Uint8Array.of(0, 255, 255, 255, 255))
})
