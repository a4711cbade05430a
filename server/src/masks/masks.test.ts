import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { applyMasks, type JsonValue, locateMasks, parseMasks } from './masks.ts'

const EVENT = {
  id: '0190',
  type: 'CardChargedEvent',
  timestamp: '2026-01-01T00:00:00Z',
  card: {
    number: '4111 1111',
    holder: 'Ann',
    year: 2030,
    active: true,
    note: null,
    tags: ['a', 'bc'],
    empty: {},
  },
  amount: 12.5,
} as const

function masked(...masks: string[]): JsonValue {
  return applyMasks(parseMasks(masks), EVENT)
}

describe('applyMasks', () => {
  test('a string becomes as many stars as it has UTF-16 units, and everything else stays', () => {
    assert.deepEqual(masked('$.card.number'), { ...EVENT, card: { ...EVENT.card, number: '*********' } })
  })

  test('numbers and booleans become one star, null stays', () => {
    assert.deepEqual(masked('$.amount', '$.card.active', '$.card.note'), {
      ...EVENT,
      amount: '*',
      card: { ...EVENT.card, active: '*' },
    })
  })

  test('everything inside a selected object or array is masked, keys are not', () => {
    const card = {
      number: '*********',
      holder: '***',
      year: '*',
      active: '*',
      note: null,
      tags: ['*', '**'],
      empty: {},
    }
    assert.deepEqual(masked('$.card'), { ...EVENT, card })
    assert.deepEqual(masked('$.card.tags'), { ...EVENT, card: { ...EVENT.card, tags: ['*', '**'] } })
  })

  test('id, type and timestamp at the top are never masked, those further down are', () => {
    const event = { ...EVENT, card: { id: 'x', type: 'y', timestamp: 'z' } }
    const all = { ...EVENT, card: { id: '*', type: '*', timestamp: '*' }, amount: '*' }
    for (const mask of ['$', '$.*', '$..*', "$['id','type','timestamp','card','amount']", '$[?(@.id)]'])
      assert.deepEqual(applyMasks(parseMasks([mask]), event), all, mask)
    assert.deepEqual(applyMasks(parseMasks(['$.id', '$.type', '$.timestamp']), event), event)
  })

  test('every mask is evaluated on the original', () => {
    const holder = { ...EVENT.card, number: '*********', holder: '***' }
    assert.deepEqual(masked('$.card.number', "$.card[?(@.number == '4111 1111')].holder"), {
      ...EVENT,
      card: holder,
    })
  })

  test('the event is not changed, and the copy shares nothing with it', () => {
    const before = structuredClone(EVENT)
    const copy = masked('$.card.number') as { card: { tags: string[] } }
    copy.card.tags.push('mine')
    masked('$..*')
    assert.deepEqual(EVENT, before)
  })

  test('a mask that selects nothing is no error', () => {
    assert.deepEqual(masked('$.none', '$.amount.none', '$.amount[0]', '$.card.tags[7]', '$.id.length'), EVENT)
    assert.deepEqual(masked(), EVENT)
  })

  test('where the length is fixed every masked text is eight stars, and nothing else changes', () => {
    const fixed = applyMasks(
      parseMasks(['$.card.number', '$.card.tags', '$.card.year'], { length: 'fixed' }),
      EVENT,
    )
    const card = { ...EVENT.card, number: '********', year: '*', tags: ['********', '********'] }
    assert.deepEqual(fixed, { ...EVENT, card })
    assert.deepEqual(applyMasks(parseMasks(['$.none'], { length: 'fixed' }), EVENT), EVENT)
  })

  test('what is no object is masked too', () => {
    assert.equal(applyMasks(parseMasks(['$']), 'text'), '****')
    assert.equal(applyMasks(parseMasks(['$']), null), null)
    assert.deepEqual(applyMasks(parseMasks(['$[1]']), ['a', 'b']), ['a', '*'])
    assert.deepEqual(applyMasks(parseMasks([]), ['a', 1]), ['a', 1])
  })
})

describe('locateMasks', () => {
  test('gives keys and indexes, each place once for a mask', () => {
    assert.deepEqual(locateMasks(parseMasks(['$.card.tags[0,0,-2]']), EVENT), [['card', 'tags', 0]])
    assert.deepEqual(locateMasks(parseMasks(['$']), EVENT), [[]])
    assert.equal(locateMasks(parseMasks(["$..['a','a']..a..a"]), { a: { a: { a: { a: 1 } } } })?.length, 2)
  })
})
