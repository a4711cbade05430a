import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { query } from 'json-p3'
import { locationsOf, sorted } from './locations.ts'

// Few names, so that random paths meet random documents, but all the awkward ones among them.
const NAMES = ['a', 'b', 'constructor', '__proto__', 'length', '0', 'é😀', "it's", 'a.b', '']

const quoted = (name: string): string => `'${name.replace(/['\\]/g, '\\$&')}'`

const name = fc.constantFrom(...NAMES)
const index = fc.integer({ min: -4, max: 4 }).map(String)
const bound = fc.option(index, { nil: '' })
const slice = fc.tuple(bound, bound).map(([start, end]) => `${start}:${end}`)
const selector = fc.oneof(name.map(quoted), index, slice, fc.constant('*'))
const shorthand = fc.constantFrom('a', 'b', 'constructor', '__proto__', 'length', '*')
const bracket = fc.array(selector, { minLength: 1, maxLength: 3 }).map((all) => `[${all.join(',')}]`)
const segment = fc.oneof(
  shorthand.map((text) => `.${text}`),
  shorthand.map((text) => `..${text}`),
  bracket,
  bracket.map((text) => `..${text}`),
)
const plainSegment = fc.oneof(
  shorthand.map((text) => `.${text}`),
  shorthand.map((text) => `..${text}`),
  fc.oneof(name.map(quoted), index, fc.constant('*')).map((text) => `[${text}]`),
)
const plainPath = fc.array(plainSegment, { maxLength: 5 }).map((segments) => `$${segments.join('')}`)
const path = fc.array(segment, { maxLength: 5 }).map((segments) => `$${segments.join('')}`)

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.integer({ min: 0, max: 3 }),
  fc.constantFrom('x', ''),
)
const { json } = fc.letrec<{ json: unknown; members: unknown; items: unknown }>((tie) => ({
  json: fc.oneof({ maxDepth: 4 }, leaf, tie('members'), tie('items')),
  // Through JSON, so that `__proto__` is a member like any other.
  members: fc
    .array(fc.tuple(name, tie('json')), { maxLength: 4 })
    .map((entries) =>
      JSON.parse(
        `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`,
      ),
    ),
  items: fc.array(tie('json'), { maxLength: 4 }),
}))

// `n` is a number wherever it is there in a record, `s` a text that is none.
const numberSide = fc.oneof(fc.constantFrom('@.n', '@.a'), fc.integer({ min: 0, max: 3 }).map(String))
const textSide = fc.oneof(fc.constantFrom('@.s', '@.b'), fc.constantFrom("'x'", '"y"', "''"))
const order = fc.constantFrom('<', '<=', '>', '>=')
const literal = fc.constantFrom('0', '1', "'x'", 'true', 'false', 'null')
const comparison = fc.oneof(
  fc.tuple(numberSide, order, numberSide),
  fc.tuple(textSide, order, textSide),
  fc.tuple(fc.constantFrom('@.n', '@.s', '@.t', '@'), fc.constantFrom('==', '!='), literal),
)
const exists = fc.constantFrom(
  '@.n',
  '@.s',
  '@',
  '@.*',
  '@..t',
  '@.t[0]',
  '@.t[-2:1]',
  '@.t[?@ == 1]',
  '@[?@.a]',
  '@..[?!@.b].a',
  '$..n',
)
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3 },
    comparison.map((parts) => parts.join(' ')),
    exists,
    exists.map((text) => `!${text}`),
    fc
      .tuple(tie('expression'), fc.constantFrom(' && ', '||'), tie('expression'))
      .map((parts) => `(${parts.join('')})`),
    tie('expression').map((text) => `!(${text})`),
  ),
}))
const record = fc.record(
  {
    n: fc.integer({ min: 0, max: 3 }),
    s: fc.constantFrom('x', 'y', ''),
    t: fc.oneof(leaf, fc.array(leaf, { maxLength: 2 })),
  },
  { requiredKeys: [] },
)

function expected(mask: string, document: unknown): readonly string[] {
  return sorted(query(mask, document as never).locations())
}

describe('RFC 9535 by chance: we select at least what json-p3 does', () => {
  test('exactly that, by paths of names, indexes and wildcards', () => {
    fc.assert(
      fc.property(plainPath, json, (mask, document) => {
        assert.deepEqual(locationsOf(mask, document as never), expected(mask, document))
      }),
      { numRuns: 500 },
    )
  })

  test('paths of names, indexes, slices, wildcards and deep scans', () => {
    fc.assert(
      fc.property(path, json, (mask, document) => {
        assertNotLess(mask, document)
      }),
      { numRuns: 1_000 },
    )
  })

  test('filters on arrays', () => {
    const items = fc.array(fc.oneof(record, leaf), { maxLength: 5 })
    fc.assert(
      fc.property(expression, items, (filter, document) => {
        assertNotLess(`$[?(${filter})]`, document)
      }),
      { numRuns: 1_000 },
    )
  })

  test('filters on objects and further down, and what follows them', () => {
    const place = fc.constantFrom('$', '$.*', '$..', '$.a', '$..a')
    fc.assert(
      fc.property(place, expression, segment, json, (start, filter, next, document) => {
        assertNotLess(`${start}[?${filter}]`, document)
        assertNotLess(`${start}[?${filter}]${next}`, document)
      }),
      { numRuns: 1_000 },
    )
  })

  test('a filter and its negation leave nothing that one of them must have', () => {
    const items = fc.array(fc.oneof(record, leaf), { maxLength: 5 })
    fc.assert(
      fc.property(expression, items, (filter, document) => {
        const either = new Set([
          ...locationsOf(`$[?(${filter})]`, document as never),
          ...locationsOf(`$[?(!(${filter}))]`, document as never),
        ])
        assert.deepEqual([...either].sort(), sorted(document.map((_, at) => [at])))
      }),
      { numRuns: 500 },
    )
  })
})

function assertNotLess(mask: string, document: unknown): void {
  const actual = locationsOf(mask, document as never)
  for (const location of expected(mask, document))
    assert.ok(actual.includes(location), `${mask} leaves ${location} of ${JSON.stringify(document)}`)
}
