import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { JsonValue } from '../../server/src/masks/masks.ts'
import { locationsOf, valueAt } from './locations.ts'

/** What Jayway answered: `value` is a list for a path that may lead to several places. */
type Case = {
  readonly id: string
  readonly selector: string
  readonly document: JsonValue
  readonly jayway: { readonly value?: JsonValue; readonly refused?: string; readonly nothing?: true }
}

/** Facts from a public comparison of implementations of JSONPath. */
const cases: readonly Case[] = JSON.parse(readFileSync(new URL('data/jayway.json', import.meta.url), 'utf8'))

/** Refused on purpose, as docs/masks.md says: a mask names what is in the event, and a sum is not. */
const REFUSED = ['function_sum']

/** Where masks select more than Jayway, by the reasons in docs/masks.md. Anything else would be a surprise. */
const MORE: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'RFC 9535 obeys the step of a slice, and counts its negative numbers from the end.',
    [
      'array_slice_with_negative_step',
      'array_slice_with_negative_step_on_partially_overlapping_array',
      'array_slice_with_open_end_and_negative_step',
      'array_slice_with_open_start_and_negative_step',
      'array_slice_with_positive_start_and_negative_end_and_range_of_1',
    ],
  ],
  [
    'A name in quotes after a dot is also the name between them.',
    [
      'dot_notation_with_double_quotes',
      'dot_notation_with_double_quotes_after_recursive_descent',
      'dot_notation_with_single_quotes',
      'dot_notation_with_single_quotes_after_recursive_descent',
    ],
  ],
  [
    'To RFC 9535 a filter on an object tests its members.',
    [
      'filter_expression_on_object',
      'filter_expression_with_bracket_notation_with_number_on_object',
      'filter_expression_with_equals_on_object',
    ],
  ],
  [
    'A number and a text may be the same, and may be in order, or not.',
    [
      'filter_expression_with_equals_number_with_fraction',
      'filter_expression_with_equals_number_with_leading_zeros',
      'filter_expression_with_greater_than',
      'filter_expression_with_greater_than_or_equal',
      'filter_expression_with_less_than',
      'filter_expression_with_less_than_or_equal',
      'filter_expression_with_negation_and_equals',
      'filter_expression_with_not_equals',
    ],
  ],
  [
    'To RFC 9535 what is missing equals what is missing.',
    ['filter_expression_with_equals_with_path_and_path'],
  ],
  ['Several names are selected wherever one of them is.', ['union_with_keys_after_recursive_descent']],
])

describe("Jayway's own answers: masks select at least as much, and refuse nothing that it takes", () => {
  test('there are cases, each with an id of its own', () => {
    assert.ok(cases.length > 250)
    assert.equal(new Set(cases.map(({ id }) => id)).size, cases.length)
  })

  const more = new Set([...MORE.values()].flat())
  for (const { id, selector, document, jayway } of cases) {
    if (jayway.refused !== undefined) continue
    test(`${id}: ${selector}`, () => {
      const locations = locationsOf(selector, document)
      if (REFUSED.includes(id)) return assert.equal(locations, 'refused')
      assert.ok(locations !== 'refused', 'refused')
      const values = locations.map((location) => canonical(valueAt(document, location)))
      const answered = placesIn(selector, jayway.value)
      for (const value of new Set(answered))
        assert.ok(
          count(values, value) >= Math.min(count(answered, value), count(everyValue(document), value)),
          `not masked: ${value}`,
        )
      const surplus = values.filter((value) => !answered.includes(value))
      assert.equal(surplus.length > 0, more.has(id), `masked too: ${surplus.join(' ')}`)
    })
  }

  test('every exception is a case there is, and docs/masks.md gives its reason', () => {
    const text = readFileSync(new URL('../../docs/masks.md', import.meta.url), 'utf8')
    const ids = new Set(cases.map(({ id }) => id))
    for (const id of [...REFUSED, ...more]) assert.ok(ids.has(id), id)
    for (const reason of MORE.keys())
      assert.ok(text.includes(reason), `docs/masks.md does not say: ${reason}`)
  })
})

/** The values that Jayway selected. For several names in one bracket it answers with objects that have them. */
function placesIn(selector: string, value: JsonValue | undefined): readonly string[] {
  if (value === undefined) return []
  const values: readonly JsonValue[] = Array.isArray(value) ? value : [value as JsonValue]
  const isMerged = /\['\w*','\w*'\]$/.test(selector)
  return (
    isMerged ? values.flatMap((one) => Object.values(one as { [key: string]: JsonValue })) : values
  ).map(canonical)
}

function count(values: readonly string[], value: string): number {
  return values.filter((one) => one === value).length
}

function everyValue(value: JsonValue): readonly string[] {
  const children = typeof value === 'object' && value !== null ? Object.values<JsonValue>(value) : []
  return [canonical(value), ...children.flatMap(everyValue)]
}

/** JSON text with sorted keys. */
function canonical(value: JsonValue): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )
}
