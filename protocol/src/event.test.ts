import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readVectors } from '../../test/helpers/vectors.ts'
import { isEventType, isInstant, KEEP_ALIVE_REQUESTED } from './event.ts'

type Judgement = { readonly value: unknown; readonly valid: boolean }

describe('event types', () => {
  for (const { name, why, value, valid } of readVectors<Judgement>('event-types').vectors)
    it(name, () => assert.equal(isEventType(value), valid, why))

  it('has a reminder that is one', () => assert.ok(isEventType(KEEP_ALIVE_REQUESTED)))
})

describe('instants', () => {
  for (const { name, why, value, valid } of readVectors<Judgement>('instants').vectors)
    it(name, () => assert.equal(isInstant(value), valid, why))

  it('agrees with the calendar of the platform on every day of 400 years', () => {
    for (let year = 2000; year < 2400; year++)
      for (let month = 1; month <= 12; month++)
        for (let day = 28; day <= 32; day++) {
          const text = `${year}-${String(month).padStart(2, '0')}-${day}T12:00:00.000Z`
          const date = new Date(text)
          const isReal = !Number.isNaN(date.getTime()) && date.toISOString() === text
          if (isInstant(text) !== isReal) assert.fail(text)
        }
  })
})
