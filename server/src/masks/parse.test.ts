import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Cursor, MaskSyntaxError } from './cursor.ts'
import { readMask } from './parse.ts'
import type { Path, Selector } from './path.ts'

function parse(text: string): Path {
  return readMask(new Cursor(text))
}

function selectorsOf(text: string): readonly Selector[] | undefined {
  return parse(text).segments[0]?.selectors
}

/** The position at which a mask is refused. */
function refusedAt(text: string, why: RegExp): number {
  try {
    parse(text)
  } catch (error) {
    assert.ok(error instanceof MaskSyntaxError)
    assert.match(error.message, why)
    return error.position
  }
  assert.fail(`taken: ${text}`)
}

describe('readMask', () => {
  test('names after dots and in brackets are the same', () => {
    assert.deepEqual(parse('$.a.b'), parse('$["a"][\'b\']'))
    assert.deepEqual(parse('$.a.b'), parse('$[ "a" ].[ \'b\' ]'))
    assert.deepEqual(parse('$.é-1:x@$'), parse("$['é-1:x@$']"))
  })

  test('without $ it is as if it began with "$."', () => {
    for (const text of ['a.b', '[0]', "['a']", '*', 'a[?(@.b)]', '.a'])
      assert.deepEqual(parse(text), parse(`$.${text}`), text)
    assert.deepEqual(parse('.a'), parse('$..a'))
    assert.equal(refusedAt('..a', /a name/), 1)
    assert.equal(refusedAt('$...a', /a name/), 3)
  })

  test('escapes in strings', () => {
    assert.deepEqual(selectorsOf("$['\\'\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude42\\x']"), [
      { kind: 'name', name: '\'"\\/\b\f\n\r\té🙂x' },
    ])
    assert.equal(refusedAt("$['\\u12']", /hexadecimal/), 5)
    assert.equal(refusedAt("$.a['b", /closing quote/), 4)
  })

  test('indexes and slices', () => {
    assert.deepEqual(selectorsOf('$[ 0 , -1 ]'), [
      { kind: 'index', index: 0 },
      { kind: 'index', index: -1 },
    ])
    assert.deepEqual(selectorsOf('$[1:-2]'), [{ kind: 'slice', start: 1, end: -2 }])
    assert.deepEqual(selectorsOf('$[ : ]'), [{ kind: 'slice', start: undefined, end: undefined }])
    assert.equal(refusedAt('$[1:2:3]', /no step/), 5)
    assert.equal(refusedAt('$[1,]', /an index/), 4)
    assert.equal(refusedAt('$[1.5]', /"]"/), 3)
  })

  test('what a name cannot have unquoted is refused where it stands', () => {
    for (const character of [...' \t\n])\'",?!<>=~&|\\\u0000\u00a0'])
      assert.equal(refusedAt(`$.ab${character}c`, /must be quoted/), 4, JSON.stringify(character))
    assert.equal(refusedAt('$.ab*', /must be quoted/), 4)
  })

  test('functions, scripts, placeholders and other ends are refused', () => {
    assert.equal(refusedAt('$.a.length()', /function/), 10)
    assert.equal(refusedAt('$.min($.a)', /function/), 5)
    assert.equal(refusedAt('$[?(@.a.size() > 1)]', /function/), 12)
    assert.equal(refusedAt('$[(@.length-1)]', /script/), 2)
    assert.equal(refusedAt('$[?]', /placeholder/), 3)
    assert.equal(refusedAt('$[?,?]', /placeholder/), 3)
    assert.equal(refusedAt('$a', /"\." or "\["/), 1)
    assert.equal(refusedAt('$.', /a name/), 2)
    assert.equal(refusedAt('$..', /a name/), 3)
    assert.equal(refusedAt('$["a"]b', /"\." or "\["/), 6)
    assert.equal(refusedAt('', /a name/), 0)
  })
})

describe('filters', () => {
  test('and binds tighter than or, parentheses tighter still, operators in any case', () => {
    assert.deepEqual(parse('$[?(@.a || @.b && @.c)]'), parse('$[?(@.a || (@.b && @.c))]'))
    assert.notDeepEqual(parse('$[?(@.a || @.b && @.c)]'), parse('$[?((@.a || @.b) && @.c)]'))
    assert.deepEqual(parse('$[?(@.a IN [1])]'), parse('$[?(@.a in[ 1 ])]'))
  })

  test('literals of every kind', () => {
    const [selector] =
      selectorsOf('$[?(@ in [1, -2.5e3, .5, "a", true, null, [], {}, {"__proto__": {\'b\': 1}}])]') ?? []
    assert.ok(selector?.kind === 'filter' && selector.filter.kind === 'compare')
    assert.ok(selector.filter.right.kind === 'literal')
    assert.equal(
      JSON.stringify(selector.filter.right.value),
      '[1,-2500,0.5,"a",true,null,[],{},{"__proto__":{"b":1}}]',
    )
  })

  test('what is no test is refused where it stands', () => {
    assert.equal(refusedAt('$[?(1)]', /a value alone/), 4)
    assert.equal(refusedAt('$[?(@.a == 1 == 2)]', /"\)"/), 13)
    assert.equal(refusedAt('$[?(!@.a == 1)]', /parentheses/), 5)
    assert.equal(refusedAt('$[?(@.a === 1)]', /strict/), 8)
    assert.equal(refusedAt('$[?(@.a contains 1)]', /an operator/), 8)
    assert.equal(refusedAt('$[?(@.a == b)]', /a value/), 11)
    assert.equal(refusedAt('$[?(@.a == 1', /"\)"/), 12)
    assert.equal(refusedAt('$[?(@.a ==)]', /a value/), 10)
    assert.equal(refusedAt('$[?(@.a == [1,])]', /a value/), 14)
    assert.equal(refusedAt('$[?(@.a == {a: 1})]', /quoted key/), 12)
    assert.equal(refusedAt('$[?(@.a == 1e999)]', /a number/), 11)
  })
})
