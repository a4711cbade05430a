import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { MASK_CHARACTERS_MAX, MASK_DEPTH_MAX, MASKS_MAX } from '@rollcall/protocol/limits'
import { applyMasks, type JsonValue, parseMasks } from '../../server/src/masks/masks.ts'

const ENVELOPE = { id: 'an-id', type: 'CardChargedEvent', timestamp: '2026-01-01T00:00:00Z' }

function mask(masks: readonly string[], event: JsonValue): JsonValue {
  return applyMasks(parseMasks(masks), event)
}

/** Why masks are refused, as the sender reads it. */
function refusal(masks: readonly string[]): string {
  try {
    parseMasks(masks)
  } catch (error) {
    assert.ok(error instanceof RollcallError && error.code === 'invalid_mask', String(error))
    assert.deepEqual([...error.fields.keys()], ['masks'])
    return error.fields.get('masks') ?? ''
  }
  assert.fail(`taken: ${JSON.stringify(masks)}`)
}

function nest(depth: number, inside: JsonValue): JsonValue {
  let value = inside
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? { a: value } : [value]
  return value
}

/** Hostile input must be dealt with at once: a generous bound, for a busy machine. */
function isQuick(run: () => void): void {
  const startMs = performance.now()
  run()
  assert.ok(performance.now() - startMs < 2_000, 'took seconds')
}

describe('hostile masks', () => {
  test('what brought other libraries down is refused', () => {
    const scripts = [
      '@["",/\\',
      '$..[?(@.constructor.constructor("x")())]',
      '$[(process.exit())]',
      '$[?(@.a.b())]',
    ]
    for (const text of [...scripts, '$[`a`]', '$[?(1 in', '$[?(((((', "$['", '$["\\', '$[?(@ =~ /', ''])
      refusal([text])
  })

  test('a refusal tells which mask and where, and repeats nothing of it', () => {
    const secret = 'hunter2\u001b[31m'
    for (const text of [`$.${secret} x`, `$['${secret}'`, `$[?(@ =~ /(${secret}/)]`, `$[?(@ ${secret} 1)]`]) {
      const why = refusal(['$.a', text])
      assert.match(why, /^masks\[1\], position \d+: expected [\x20-\x7e…]+$/)
      assert.doesNotMatch(why, /hunter/)
      assert.ok(why.length < 300)
    }
    assert.match(refusal(['$.a b']), /position 3:/)
    assert.match(refusal(['a b']), /position 1:/)
  })

  test('the bounds hold: number, length, steps, nesting, filters, regular expressions', () => {
    parseMasks(Array.from({ length: MASKS_MAX }, (_, index) => `$.a${index}`))
    assert.match(refusal(Array.from({ length: MASKS_MAX + 1 }, () => '$.a')), /at most 32 masks/)
    parseMasks([`$.${'a'.repeat(MASK_CHARACTERS_MAX - 2)}`])
    assert.match(refusal([`$.${'a'.repeat(MASK_CHARACTERS_MAX - 1)}`]), /at most 512 characters/)
    parseMasks([`$${'.a'.repeat(MASK_DEPTH_MAX)}`])
    assert.match(refusal([`$${'.a'.repeat(MASK_DEPTH_MAX + 1)}`]), /at most 50 steps/)
    assert.match(refusal([`$[?(${'('.repeat(200)}@.a${')'.repeat(200)})]`]), /levels of nesting/)
    assert.match(refusal([`$[?(@.a == ${'['.repeat(200)}${']'.repeat(200)})]`]), /levels of nesting/)
    assert.match(refusal([`$[?(${'!'.repeat(400)}@.a)]`]), /levels of nesting/)
    assert.match(refusal([`$${'[?(@'.repeat(60)}${')]'.repeat(60)}`]), /filters within each other/)
    assert.match(refusal([`$[?(${'@ =~ /a/ || '.repeat(9)}@.b)]`]), /regular expressions in one mask/)
  })

  test('regular expressions are linear in the text, and small', () => {
    isQuick(() => {
      const text = `${'a'.repeat(30_000)}!`
      assert.deepEqual(mask(['$.a[?(@ =~ /(a+)+$/)]'], { ...ENVELOPE, a: [text] }), {
        ...ENVELOPE,
        a: [text],
      })
      for (const pattern of ['(?:(?:a?){30}){30}', 'a{999}'.repeat(80), '(a|b){300}', '\\pL'.repeat(20)])
        refusal([`$[?(@ =~ /${pattern}/)]`])
      for (const pattern of [
        '(?=a)b',
        '(a)\\1',
        'a++',
        '[a[b]]',
        '[a&&b]',
        '\\Qa\\E',
        '(?U)a',
        '(',
        'a{2,1}',
      ])
        refusal([`$[?(@ =~ /${pattern}/)]`])
      refusal(['$[?(@ =~ /a/x)]'])
    })
  })

  test('512 characters of anything are parsed or refused at once', () => {
    isQuick(() => {
      for (const part of [
        '..*',
        '[?(@',
        '$',
        '[',
        "['",
        '\\',
        '/',
        '!',
        '(',
        '{',
        '.',
        '@',
        '-1:',
        '🙂',
        '\ud800',
        ' ',
      ])
        for (const start of ['', '$', '$[?(', "$['", '$[?(@=~/'])
          try {
            parseMasks([start + part.repeat(MASK_CHARACTERS_MAX / part.length - start.length)])
          } catch (error) {
            assert.ok(error instanceof RollcallError)
          }
    })
  })
})

describe('hostile events', () => {
  test('a scan of 10,000 items masks each', () => {
    const event = { ...ENVELOPE, items: Array.from({ length: 10_000 }, (_, index) => `item ${index}`) }
    isQuick(() => {
      const masked = mask(['$..*', '$..*', '$..*..*'], event)
      assert.deepEqual(masked, { ...ENVELOPE, items: event.items.map((item) => '*'.repeat(item.length)) })
    })
  })

  test('masks that would take too long mask everything but the envelope', () => {
    const event = { ...ENVELOPE, clear: 'text', none: null, items: Array.from({ length: 20_000 }, () => 1) }
    const everything = { ...ENVELOPE, clear: '****', none: null, items: event.items.map(() => '*') }
    const chain = '..*'.repeat(30)
    isQuick(() => {
      for (const masks of [
        Array.from({ length: MASKS_MAX }, (_, index) => `$${chain}.x${index}`),
        ['$..[?($..[?(@ == $..x)])]'],
        ['$..[?(@..[?(@..[?(@..[?($..x)])])])]'],
        [
          '$.items[?(@ in $.items[?(@ > 1)] || @ == 2 || $..x || $..y)]',
          '$.items[?(@ subsetof $..*)]',
          '$..[?($..z)]',
        ],
        ['$.items[?(@ =~ /.*a.{200}/ || $.items =~ /.*b.{200}/)]'],
      ])
        assert.deepEqual(mask(masks, event), everything, masks[0])
    })
  })

  test('an event that is too deep is masked as a whole, however deep', () => {
    const within = { ...ENVELOPE, a: nest(MASK_DEPTH_MAX - 1, 'deep'), b: 'clear' }
    assert.deepEqual(mask(['$.none'], within), within)
    const beyond = { ...ENVELOPE, a: nest(MASK_DEPTH_MAX, 'deep'), b: 'clear' }
    assert.deepEqual(mask(['$.none'], beyond), { ...ENVELOPE, a: nest(MASK_DEPTH_MAX, '****'), b: '*****' })
    assert.deepEqual(mask([], beyond), beyond)
    const abyss = JSON.parse(`{"id":"x","a":${'['.repeat(50_000)}"s"${']'.repeat(50_000)}}`) as JsonValue
    const masked = mask(['$..a'], abyss) as { id: string; a: JsonValue }
    assert.equal(masked.id, 'x')
    let innermost = masked.a
    while (Array.isArray(innermost)) innermost = (innermost[0] ?? null) as JsonValue
    assert.equal(innermost, '*')
  })

  test('keys named like members of Object.prototype are data, and nothing else is', () => {
    const text =
      '{"id":"x","__proto__":{"pin":"1234","polluted":"yes"},"constructor":"c","toString":["t"],"a":{}}'
    const event = JSON.parse(text) as JsonValue
    const masked = mask(
      ['$.__proto__.pin', '$.constructor', "$['toString'][0]", '$.a.valueOf', '$..hasOwnProperty'],
      event,
    )
    assert.equal(
      JSON.stringify(masked),
      '{"id":"x","__proto__":{"pin":"****","polluted":"yes"},"constructor":"*","toString":["*"],"a":{}}',
    )
    assert.equal(Object.getPrototypeOf(masked), Object.prototype)
    assert.equal('polluted' in {}, false)
    assert.equal(JSON.stringify(event), text)
    assert.equal(JSON.stringify(mask(["$[?(@.a == {'__proto__': 1})].constructor"], event)), text)
    assert.equal(JSON.stringify(mask(['$[?(@.a.constructor)].constructor'], event)), text)
  })

  test('lone surrogates and emoji keep their length in UTF-16 units', () => {
    const event = { ...ENVELOPE, '\ud800': 'a', '🙂': '🙂🙂', text: '\udc00x', é: ['é'] }
    assert.deepEqual(mask(["$['\\ud800']", '$.🙂', '$.text', '$.é'], event), {
      ...ENVELOPE,
      '\ud800': '*',
      '🙂': '****',
      text: '**',
      é: ['*'],
    })
    assert.deepEqual(mask(['$[?(@.text =~ /.x/)].text'], event), { ...event, text: '**' })
  })

  test('the same mask many times costs and does what it does once', () => {
    const event = { ...ENVELOPE, items: Array.from({ length: 20_000 }, () => ({ pin: 1 })) }
    const masked = mask(
      Array.from({ length: MASKS_MAX }, () => '$..pin'),
      event,
    )
    assert.deepEqual(masked, { ...ENVELOPE, items: event.items.map(() => ({ pin: '*' })) })
  })
})
