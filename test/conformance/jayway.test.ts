import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { JsonValue } from '../../server/src/masks/masks.ts'
import { locationsOf, sorted } from './locations.ts'

/** The document of the examples in the README of github.com/json-path/JsonPath. */
const STORE: JsonValue = {
  store: {
    book: [
      { category: 'reference', author: 'Nigel Rees', title: 'Sayings of the Century', price: 8.95 },
      { category: 'fiction', author: 'Evelyn Waugh', title: 'Sword of Honour', price: 12.99 },
      {
        category: 'fiction',
        author: 'Herman Melville',
        title: 'Moby Dick',
        isbn: '0-553-21311-3',
        price: 8.99,
      },
      {
        category: 'fiction',
        author: 'J. R. R. Tolkien',
        title: 'The Lord of the Rings',
        isbn: '0-395-19395-8',
        price: 22.99,
      },
    ],
    bicycle: { color: 'red', price: 19.95 },
  },
  expensive: 10,
}

const BOOK = ['store', 'book']
const books = (...indexes: number[]): (string | number)[][] => indexes.map((index) => [...BOOK, index])
const ofBooks = (key: string, ...indexes: number[]): (string | number)[][] =>
  indexes.map((index) => [...BOOK, index, key])

function everyPlace(value: JsonValue, to: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries<JsonValue>(value).flatMap(([key, child]) => {
    const place = [...to, Array.isArray(value) ? Number(key) : key]
    return [place, ...everyPlace(child, place)]
  })
}

function finds(document: JsonValue, table: readonly (readonly [string, (string | number)[][]])[]): void {
  for (const [mask, locations] of table)
    test(mask, () => assert.deepEqual(locationsOf(mask, document), sorted(locations)))
}

describe("the examples of Jayway's README", () => {
  finds(STORE, [
    ['$.store.book[*].author', ofBooks('author', 0, 1, 2, 3)],
    ['$..author', ofBooks('author', 0, 1, 2, 3)],
    ['$.store.*', [BOOK, ['store', 'bicycle']]],
    ['$.store..price', [...ofBooks('price', 0, 1, 2, 3), ['store', 'bicycle', 'price']]],
    ['$..book[2]', books(2)],
    ['$..book[-2]', books(2)],
    ['$..book[0,1]', books(0, 1)],
    ['$..book[:2]', books(0, 1)],
    ['$..book[1:2]', books(1)],
    ['$..book[-2:]', books(2, 3)],
    ['$..book[2:]', books(2, 3)],
    ['$..book[?(@.isbn)]', books(2, 3)],
    ['$.store.book[?(@.price < 10)]', books(0, 2)],
    ["$..book[?(@.price <= $['expensive'])]", books(0, 2)],
    ['$..book[?(@.author =~ /.*REES/i)]', books(0)],
    ['$..*', everyPlace(STORE)],
    ["$['store']['book'][0]['title']", ofBooks('title', 0)],
    ["$.store.book[?(@.price < 10 && @.category == 'fiction')]", books(2)],
    ["$.store.book[?(@.category == 'reference' || @.price > 10)]", books(0, 1, 3)],
    ["$.store.book[?(!(@.price < 10 && @.category == 'fiction'))]", books(0, 1, 3)],
    ["$.store.book[0]['title','price','none']", [...ofBooks('title', 0), ...ofBooks('price', 0)]],
  ])

  for (const mask of ['$..book.length()', '$..book[(@.length-1)]', '$..book[?]', '$..book[?,?]'])
    test(`${mask} is refused`, () => assert.equal(locationsOf(mask, STORE), 'refused'))
})

describe("the operators of Jayway's README", () => {
  const people: JsonValue = [
    { name: 'ann', size: 'S', tags: ['a', 'b'], age: 30, nick: '' },
    { name: 'bob', size: 'M', tags: ['c'], age: 40, nick: 'bo' },
    { name: 'cy', tags: [], age: null },
    'plain',
  ]
  finds(people, [
    ["$[?(@.name == 'ann')]", [[0]]],
    ["$[?(@.name != 'ann')]", [[1], [2], [3]]],
    ['$[?(@.age < 40)]', [[0]]],
    ['$[?(@.age <= 40)]', [[0], [1]]],
    ['$[?(@.age > 30)]', [[1]]],
    ['$[?(@.age >= 30)]', [[0], [1]]],
    ['$[?(@.name =~ /[a-m]*nn/)]', [[0]]],
    ["$[?(@.size in ['S', 'M'])]", [[0], [1]]],
    ["$[?(@.size nin ['S', 'L'])]", [[1], [2], [3]]],
    ["$[?(@.tags subsetof ['a', 'b', 'c'])]", [[0], [1], [2]]],
    ["$[?(@.tags anyof ['c', 'd'])]", [[1]]],
    ["$[?(@.tags noneof ['c', 'd'])]", [[0], [2]]],
    ['$[?(@.tags size 2)]', [[0]]],
    ['$[?(@.name size 2)]', [[2]]],
    ['$[?(@.tags empty true)]', [[2]]],
    ['$[?(@.nick empty false)]', [[1]]],
  ])
})

describe("corners that Jayway's own tests settle", () => {
  finds(STORE, [
    ['store.book[0].title', ofBooks('title', 0)],
    ['@.store.book[0].title', ofBooks('title', 0)],
    ['.isbn', ofBooks('isbn', 2, 3)],
    ["['store'].book.[0].title", ofBooks('title', 0)],
    ['$[ \'store\' ][  "book" ][ 0 , 1 ]', books(0, 1)],
    ["$.store.book[?('a' == 'a')]", books(0, 1, 2, 3)],
    ["$.store.book[?('a' == 'b')]", []],
    ["$.store.book[?('reference' == @.category)]", books(0)],
    ['$.store.book[?(/reference/ =~ @.category)]', books(0)],
    ['$.store.book[?(@.category == @.category)]', books(0, 1, 2, 3)],
    ['$.store.book[?(@ == @)]', books(0, 1, 2, 3)],
    ['$.store.book[?(@.category != @)]', books(0, 1, 2, 3)],
    ['$.store.book[ ?(!@.isbn) ]', books(0, 1)],
    ["$.store.book[?(@.price in ['12.99', 8.99])]", books(1, 2)],
    ['$.store.book[?(@.price in $..price)]', books(0, 1, 2, 3)],
    ['$.store.bicycle[?(@.color)]', [['store', 'bicycle']]],
    ["$..[?(@.color == 'red')].price", [['store', 'bicycle', 'price']]],
    ['$.expensive[0]', []],
    ['$.store.none.at.all', []],
  ])
  finds({ a: [0, 1, [0, 1, 2, 3]], 'display-price': 1, 'x y': { '@type': 't', 'it\\': '(it' } }, [
    ['$..[2][3]', [['a', 2, 3]]],
    ['$.display-price', [['display-price']]],
    ["$['x y'].@type", [['x y', '@type']]],
    ["$['x y']['it\\\\']", [['x y', 'it\\']]],
    ["$['x y'][?(@['it\\\\'] =~ /\\(it/)]", [['x y']]],
    [
      '$.a[?(@ =~ /\\/|1/)]',
      [
        ['a', 1],
        ['a', 2],
      ],
    ],
    [
      '$.a[?(@ != null && @ =~ /&&|0/)]',
      [
        ['a', 0],
        ['a', 2],
      ],
    ],
    ['$.a[?(@[?(@ > 2)])]', [['a', 2]]],
  ])
  finds(
    [{ value: '5' }, { value: 5 }, { value: '5.1.26' }, { value: 5.1 }, { value: [5] }],
    [
      ["$[?(@.value=='5')]", [[0], [1]]],
      ['$[?(@.value==5)]', [[0], [1]]],
      ["$[?(@.value=='5.0')]", [[1]]],
      ["$[?(@.value=='5.1.26')]", [[2]]],
      ['$[?(@.value==[5])]', [[4]]],
      ["$[?(@.value<'7')]", [[0], [1], [2], [3]]],
      ['$[?(@.missing =~ /.*/)]', [[0], [1], [2], [3], [4]]],
      ['$[?(@.missing nin [1])]', [[0], [1], [2], [3], [4]]],
      ['$[?(@.value in @.missing || @.value nin @.missing)]', []],
    ],
  )
})

describe("what Jayway selects by its own evaluation, and no standard's", () => {
  finds(
    [[1, [2]], { a: [{ b: { c: 1 } }, { b: { c: 2 } }], b: 3 }],
    [
      // After `..[…]` the next step is taken from every item, unless it is a name at the end.
      ['$..a[0].b', [[1, 'a', 0, 'b']]],
      [
        '$..[0].b.c',
        [
          [1, 'a', 0, 'b', 'c'],
          [1, 'a', 1, 'b', 'c'],
        ],
      ],
      ['$..[0].b', [[1, 'a', 0, 'b']]],
      [
        '$..[?(@.length() == 2)].b.c',
        [
          [1, 'a', 0, 'b', 'c'],
          [1, 'a', 1, 'b', 'c'],
        ],
      ],
    ],
  )
  const items: JsonValue = [
    { v: '1.0', list: ['$.v', "'a'", 'b'], o: { a: 1 } },
    { v: 1, list: ['b'], o: {} },
    { v: 'abc', list: [], s: [{ id: 1 }, {}] },
  ]
  finds(items, [
    // A text that stands for a path, or that is quoted, is not what it says: in doubt, and so is its negation.
    ["$[?('a' in @.list)]", [[0]]],
    ["$[?('c' nin @.list)]", [[0], [1], [2]]],
    ["$[?('b' nin @.list)]", [[2]]],
    ['$[?(@.v nin @.o)]', [[0], [1]]],
    ['$[?(@.o size -1)]', [[0], [1]]],
    ["$[?(@.v contains 'b')]", [[2]]],
    ['$[?(@.o.length() == 1)]', [[0]]],
    // To Jayway one name that is missing makes the whole path miss, so that its negation holds.
    ['$[?(!@.s[*].id)]', [[0], [1], [2]]],
    ['$[?(!@.o.*)]', [[1], [2]]],
    ['$[?(@.o exists true)]', [[0], [1]]],
    ['$[?(!@.v == 1)]', [[0], [1], [2]]],
    ['$[?(!(@.v type 1))]', [[0], [1], [2]]],
    ["$[?(@.v !== '1')]", [[0], [1], [2]]],
    ['$[?(@.v =~ /1\\.0/)]', [[0], [1]]],
  ])
})
