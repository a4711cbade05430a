import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MaskSyntaxError } from './cursor.ts'
import { readMask } from './parse.ts'
import type { Path, Selector } from './path.ts'
import { Work } from './work.ts'

function parse(text: string): readonly Path[] {
  return readMask(text, new Work(5_000_000))
}

function selectorsOf(text: string): readonly Selector[] | undefined {
  return parse(text)[0]?.segments[0]?.selectors
}

/** The names that a path of names alone has, in each way to read it. */
function namesIn(text: string): readonly (readonly (readonly string[])[])[] {
  return parse(text).map(({ segments }) =>
    segments.map(({ selectors }) =>
      selectors.map((selector) => (selector.kind === 'name' ? selector.name : selector.kind)),
    ),
  )
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
    const slice = { kind: 'slice', start: undefined, end: undefined, step: undefined } as const
    assert.deepEqual(selectorsOf('$[1:-2]'), [{ ...slice, start: 1, end: -2 }])
    assert.deepEqual(selectorsOf('$[ : ]'), [slice])
    assert.deepEqual(selectorsOf('$[1:2:-3]'), [{ ...slice, start: 1, end: 2, step: -3 }])
    for (const end of [':', '::', ':1:2', ':-', ':1-2'])
      assert.deepEqual(selectorsOf(`$[1:2${end}]`), [{ ...slice, start: 1, end: 2 }], end)
    assert.equal(refusedAt('$[1,]', /an index/), 4)
    assert.equal(refusedAt('$[1.5]', /"]"/), 3)
  })

  test('as in Jayway a name ends at a space, a dot, a bracket or a parenthesis, and nowhere else', () => {
    for (const character of [...'\t\n])\'",?!<>=~&|\\*/+\u0000\u00a0'])
      assert.deepEqual(namesIn(`$.ab${character}c`), [[[`ab${character}c`]]], JSON.stringify(character))
    assert.equal(refusedAt('$.ab c', /must be quoted/), 4)
    assert.deepEqual(namesIn('$.card.number]'), [[['card'], ['number]']]])
  })

  test('a name in quotes or white space is also the name without', () => {
    assert.deepEqual(namesIn('$."key"'), [[['"key"', 'key']]])
    assert.deepEqual(namesIn("$..'key'.b"), [[["'key'", 'key'], ['b']]])
    assert.deepEqual(namesIn('$.\na'), [[['\na', 'a']]])
    assert.deepEqual(namesIn("$.'a.b'"), [[["'a"], ["b'"]]])
  })

  test('as in Jayway a name or * may follow a bracket or *, as in RFC 9535 blanks come before a step', () => {
    assert.deepEqual(namesIn("$['a']b"), [[['a'], ['b']]])
    assert.deepEqual(namesIn("$['a']^^^"), [[['a'], ['^^^']]])
    assert.deepEqual(namesIn("$['a']**.b"), [[['a'], ['every'], ['every'], ['b']]])
    assert.deepEqual(parse('$ [ "a" ] .b\n..c'), parse('$["a"].b..c'))
    assert.equal(refusedAt('$. a', /a name/), 2)
  })

  test('what means two things is read both ways', () => {
    assert.deepEqual(namesIn('$.a\t.b'), [
      [['a\t', 'a'], ['b']],
      [['a'], ['b']],
    ])
    assert.equal(parse('$[?(@.a&&@.b)]').length, 2)
    assert.equal(parse('$[?(@.a && @.b)]').length, 1)
  })

  test('functions, scripts, placeholders and other ends are refused', () => {
    assert.equal(refusedAt('$.a.length()', /function/), 10)
    assert.equal(refusedAt('$.min($.a)', /function/), 5)
    assert.equal(refusedAt('$[?(@.a.nothing() > 1)]', /function/), 15)
    assert.equal(refusedAt('$[?(@.a.size(1) > 1)]', /parameters/), 12)
    assert.equal(refusedAt('$[(@.length-1)]', /script/), 2)
    assert.equal(refusedAt('$[?]', /placeholder/), 3)
    assert.equal(refusedAt('$[?,?]', /placeholder/), 3)
    assert.equal(refusedAt('$a', /"\." or "\["/), 1)
    assert.equal(refusedAt('$.', /a name/), 2)
    assert.equal(refusedAt('$..', /a name/), 3)
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

  test('lists and objects as leniently as Jayway reads them', () => {
    const [selector] = selectorsOf("$[?(@ in [1,, a b, [c],{k: v, 'l':07}, ])]") ?? []
    assert.ok(selector?.kind === 'filter' && selector.filter.kind === 'compare')
    assert.ok(selector.filter.right.kind === 'literal')
    assert.equal(JSON.stringify(selector.filter.right.value), '[1,"a b",["c"],{"k":"v","l":7}]')
  })

  test('every operator of Jayway is taken, and what nobody can answer is in doubt', () => {
    for (const operator of ['===', '!==', 'contains', 'ALL', 'nin', 'SubsetOf'])
      assert.equal(filterIn(`@.a ${operator} [1]`)?.kind, 'compare', operator)
    for (const test of [
      '@.a type 1',
      '@.a matches 1',
      "@.a =~ 'x'",
      '@.a == /x/',
      '/x/ =~ /y/',
      '@.a.keys()',
      '@.a exists 1',
    ])
      assert.deepEqual(filterIn(test), { kind: 'doubt' }, test)
    assert.equal(filterIn('@.a == 1e999')?.kind, 'compare')
  })

  test('Jayway ignores a ! before a comparison: it is read with it and without', () => {
    assert.deepEqual(filterIn('!@.a == 1'), filterIn('@.a == 1 || !(@.a == 1)'))
    assert.deepEqual(filterIn('1 != !@.a'), filterIn('1 != @.a || !(1 != @.a)'))
    assert.deepEqual(filterIn('! @.a'), filterIn('!(@.a)'))
  })

  test('what is no test is refused where it stands', () => {
    assert.equal(refusedAt('$[?(1)]', /a value alone/), 4)
    assert.equal(refusedAt('$[?(@.a == 1 == 2)]', /"\)"/), 13)
    assert.equal(refusedAt('$[?(@.a <> 1)]', /an operator/), 8)
    assert.equal(refusedAt('$[?(@.a = 1)]', /an operator/), 8)
    assert.equal(refusedAt('$[?(@.a has 1)]', /an operator/), 8)
    assert.equal(refusedAt('$[?(@.a == b)]', /a value/), 11)
    assert.equal(refusedAt('$[?(@.a == 1', /"\)"/), 12)
    assert.equal(refusedAt('$[?(@.a ==)]', /a value/), 10)
    assert.equal(refusedAt('$[?(@.a == [1', /"\]"/), 13)
    assert.equal(refusedAt('$[?(@.a == {a})]', /":"/), 13)
  })
})

function filterIn(text: string) {
  const [selector] = selectorsOf(`$[?(${text})]`) ?? []
  return selector?.kind === 'filter' ? selector.filter : undefined
}
