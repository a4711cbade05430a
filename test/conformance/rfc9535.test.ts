import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { JsonValue } from '../../server/src/masks/masks.ts'
import { locationsOf, sorted } from './locations.ts'

type Case = { name: string; selector: string; invalid?: true; document?: JsonValue; locations?: string[][] }

const { cases }: { cases: Case[] } = JSON.parse(
  readFileSync(new URL('data/rfc9535.json', import.meta.url), 'utf8'),
)

/** What masks take and RFC 9535 refuses, because Jayway takes it: reason and cases. The same is in docs/masks.md. */
const TAKEN: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'White space around a mask is ignored.',
    ['basic, no leading whitespace', 'basic, no trailing whitespace'],
  ],
  [
    'A name after a dot may have nearly any character, and begin with any.',
    ['basic, name shorthand, symbol', 'basic, name shorthand, number'],
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
      'slice selector, start, leading 0',
      'slice selector, start, -0',
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
    'What follows the second colon of a slice is ignored where it is no number.',
    ['slice selector, too many colons'],
  ],
  [
    'A name after a dot may begin with white space other than spaces; it is also the name without it.',
    [
      'whitespace, selectors, newline between dot and name',
      'whitespace, selectors, newline between recursive descent and name',
      'whitespace, selectors, tab between dot and name',
      'whitespace, selectors, tab between recursive descent and name',
      'whitespace, selectors, return between dot and name',
      'whitespace, selectors, return between recursive descent and name',
    ],
  ],
])

/** Where masks select more than RFC 9535, because Jayway does, or because nobody knows what was meant. */
const MORE: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'To Jayway a filter on an object tests the object itself.',
    [
      'filter, existence, without segments',
      'filter, absolute existence, without segments',
      'filter, name segment on primitive, selects nothing',
    ],
  ],
  [
    'A number and a text may be the same, and may be in order, or not.',
    [
      'filter, equals numeric string, single quotes',
      'filter, equals numeric string, double quotes',
      'filter, equals number',
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
    'To Jayway what is missing equals nothing, and is unequal to everything.',
    ['filter, exists and not-equals null, absent from data'],
  ],
  [
    'To Jayway a path that may lead to several places exists as soon as the part before that leads somewhere.',
    [
      'filter, non-singular existence, wildcard',
      'filter, non-singular existence, multiple',
      'filter, non-singular existence, slice',
      'filter, nested',
    ],
  ],
  [
    'Jayway ignores the step of a slice, and wraps around where it begins at a negative number and ends at another.',
    [
      'slice selector, slice selector with step',
      'slice selector, negative from, positive to',
      'slice selector, zero step',
      'slice selector, excessively small from value',
      'whitespace, slice, space between end and colon',
      'whitespace, slice, newline between end and colon',
      'whitespace, slice, tab between end and colon',
      'whitespace, slice, return between end and colon',
    ],
  ],
])

function reasonsByName(groups: ReadonlyMap<string, readonly string[]>): ReadonlyMap<string, string> {
  return new Map([...groups].flatMap(([reason, names]) => names.map((name) => [name, reason])))
}

const taken = reasonsByName(TAKEN)
const more = reasonsByName(MORE)

describe('RFC 9535 compliance cases: masks select at least as much, and refuse no valid path', () => {
  test('there are cases, each with a name of its own', () => {
    assert.ok(cases.length > 400)
    assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length)
  })

  for (const { name, selector, invalid, document = null, locations = [] } of cases)
    test(name, () => {
      const actual = locationsOf(selector, document)
      if (invalid) return assert.equal(actual !== 'refused', taken.has(name), 'taken, or no longer taken')
      assert.ok(actual !== 'refused', 'refused')
      const expected = sorted(locations)
      for (const location of expected) assert.ok(actual.includes(location), `not masked: ${location}`)
      assert.equal(actual.length > expected.length, more.has(name), 'masks more, or no longer more')
    })

  test('every difference is a case there is, and docs/masks.md names it with its reason', () => {
    const text = readFileSync(new URL('../../docs/masks.md', import.meta.url), 'utf8')
    const names = new Set(cases.map(({ name }) => name))
    for (const [name, reason] of [...taken, ...more]) {
      assert.ok(names.has(name), name)
      assert.ok(text.includes(name), `docs/masks.md does not name ${name}`)
      assert.ok(text.includes(reason), `docs/masks.md does not say: ${reason}`)
    }
  })
})
