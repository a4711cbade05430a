import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { JsonValue } from '../../server/src/masks/masks.ts'
import { locationsOf, sorted } from './locations.ts'

type Case = { name: string; selector: string; invalid?: true; document?: JsonValue; locations?: string[][] }

const { cases }: { cases: Case[] } = JSON.parse(
  readFileSync(new URL('data/rfc9535.json', import.meta.url), 'utf8'),
)

/**
 * Where masks deliberately are not RFC 9535, because they are Jayway's JsonPath: reason and cases. The same is
 * said in docs/masks.md. A case that no longer differs fails.
 */
const DIFFERENCES: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'White space around a mask is ignored.',
    ['basic, no leading whitespace', 'basic, no trailing whitespace'],
  ],
  [
    'A name after a dot may have any character that does not end it: digits first, `-`, `:`, `@`, `$`.',
    ['basic, name shorthand, number'],
  ],
  [
    'A filter on an object tests the object itself; in RFC 9535 it tests the members.',
    [
      'filter, existence, without segments',
      'filter, absolute existence, without segments',
      'filter, name segment on primitive, selects nothing',
      'filter, object data',
    ],
  ],
  [
    'What is missing equals nothing, not even something else that is missing.',
    [
      'filter, equals, absent from index selector equals absent from name selector',
      'filter, equals, empty node list and empty node list',
    ],
  ],
  [
    '`<=` and `>=` compare numbers and strings only; null and booleans are in no order, not even with themselves.',
    [
      'filter, less than or equal to null',
      'filter, less than or equal to true',
      'filter, less than or equal to false',
      'filter, greater than or equal to null',
      'filter, greater than or equal to true',
      'filter, greater than or equal to false',
    ],
  ],
  [
    'A path that may lead to several places stands for the list of what is there.',
    [
      'filter, non-singular query in comparison, slice',
      'filter, non-singular query in comparison, all children',
      'filter, non-singular query in comparison, descendants',
      'filter, non-singular query in comparison, combined',
      'filter, relative non-singular query, index, equal',
      'filter, relative non-singular query, name, not equal',
      'filter, absolute non-singular query, wildcard, less-or-equal',
    ],
  ],
  [
    'Numbers are read as leniently as Java reads them: `.5`, `5.`, `05`, `-0`.',
    [
      'filter, equals number, invalid no int digit',
      'filter, equals number, invalid minus no int digit',
      'filter, equals number, invalid 00',
      'filter, equals number, invalid leading 0',
      'filter, equals number, invalid no fractional digit',
      'filter, equals number, invalid no fractional digit e',
      'index selector, leading 0',
      'index selector, -0',
      'index selector, leading -0',
    ],
  ],
  [
    'A number and a string compare by the text of the number, and are equal where the text is that of an equal number.',
    [
      'filter, equals numeric string, single quotes',
      'filter, equals numeric string, double quotes',
      'filter, equals number',
      'filter, not-equals numeric string, single quotes',
      'filter, not-equals numeric string, double quotes',
      'filter, not-equals number',
      'filter, greater than number',
      'filter, greater than or equal to number',
      'filter, equals number, zero and negative zero',
      'filter, equals number, negative zero and zero',
      'filter, equals number, with and without decimal fraction',
      'filter, equals number, exponent',
      'filter, equals number, exponent upper e',
      'filter, equals number, positive exponent',
      'filter, equals number, negative exponent',
      'filter, equals number, exponent 0',
      'filter, equals number, exponent leading -0',
      'filter, equals number, decimal fraction',
      'filter, equals number, decimal fraction, trailing 0',
      'filter, equals number, decimal fraction, negative exponent',
    ],
  ],
  [
    'A quoted name may contain control characters as they are.',
    [
      'name selector, double quotes, embedded U+0000',
      'name selector, double quotes, embedded U+0009',
      'name selector, double quotes, embedded U+000A',
      'name selector, double quotes, embedded U+001F',
      'name selector, single quotes, embedded U+0000',
      'name selector, single quotes, embedded U+0009',
      'name selector, single quotes, embedded U+000A',
      'name selector, single quotes, embedded U+001F',
    ],
  ],
  [
    'A quoted name may contain surrogates without a partner, as events may.',
    [
      'name selector, double quotes, single high surrogate',
      'name selector, double quotes, single low surrogate',
      'name selector, double quotes, high high surrogate',
      'name selector, double quotes, low low surrogate',
      'name selector, double quotes, surrogate non-surrogate',
    ],
  ],
  [
    'A backslash before a character that needs none stands for that character.',
    [
      'name selector, double quotes, invalid escaped single quote',
      'name selector, single quotes, invalid escaped double quote',
      'name selector, double quotes, escape at end of line',
      'name selector, double quotes, question mark escape',
      'name selector, double quotes, bell escape',
      'name selector, double quotes, vertical tab escape',
      'name selector, double quotes, 0 escape',
      'name selector, double quotes, x escape',
      'name selector, double quotes, n escape',
      'name selector, double quotes, unicode escape upper u',
    ],
  ],
  [
    'A slice has no step. Jayway ignores one, RFC 9535 obeys it: it is refused, so that nobody is surprised.',
    [
      'slice selector, slice selector with step',
      'slice selector, slice selector with everything omitted, long form',
      'slice selector, slice selector with start and end omitted',
      'slice selector, negative step with default start and end',
      'slice selector, negative range with negative step',
      'slice selector, zero step',
      'whitespace, slice, space between end and colon',
      'whitespace, slice, newline between end and colon',
      'whitespace, slice, tab between end and colon',
      'whitespace, slice, return between end and colon',
    ],
  ],
  [
    'No white space between the steps of a path.',
    [
      'whitespace, selectors, space between root and bracket',
      'whitespace, selectors, space between bracket and bracket',
      'whitespace, selectors, space between root and dot',
      'whitespace, selectors, newline between root and bracket',
      'whitespace, selectors, newline between bracket and bracket',
      'whitespace, selectors, newline between root and dot',
      'whitespace, selectors, tab between root and bracket',
      'whitespace, selectors, tab between bracket and bracket',
      'whitespace, selectors, tab between root and dot',
      'whitespace, selectors, return between root and bracket',
      'whitespace, selectors, return between bracket and bracket',
      'whitespace, selectors, return between root and dot',
    ],
  ],
])

const reasons = new Map([...DIFFERENCES].flatMap(([reason, names]) => names.map((name) => [name, reason])))

describe('RFC 9535 compliance cases', () => {
  test('there are cases, each with a name of its own', () => {
    assert.ok(cases.length > 400)
    assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length)
  })

  for (const { name, selector, invalid, document = null, locations = [] } of cases) {
    const reason = reasons.get(name)
    const expected = invalid ? 'refused' : sorted(locations)
    test(`${name}${reason === undefined ? '' : ` differs: ${reason}`}`, () => {
      const actual = locationsOf(selector, document)
      if (reason === undefined) assert.deepEqual(actual, expected)
      else
        assert.notDeepEqual(
          actual,
          expected,
          'no longer differs: take it off the list here and in docs/masks.md',
        )
    })
  }

  test('every difference is a case there is, and docs/masks.md names it with its reason', () => {
    const text = readFileSync(new URL('../../docs/masks.md', import.meta.url), 'utf8')
    const names = new Set(cases.map(({ name }) => name))
    for (const [name, reason] of reasons) {
      assert.ok(names.has(name), name)
      assert.ok(text.includes(name), `docs/masks.md does not name ${name}`)
      assert.ok(text.includes(reason), `docs/masks.md does not say: ${reason}`)
    }
  })
})
