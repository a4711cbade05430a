import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { EVENT_BYTES_MAX, MASK_CHARACTERS_MAX, MASKS_MAX } from '@rollcall/protocol/limits'
import { noLimits } from '../../../test/helpers/no-limits.ts'
import type { Principal } from '../auth/auth.ts'
import { parseMasksPreview, previewMasks } from './preview-masks.ts'

const ALICE: Principal = {
  organizationId: 'acme',
  userId: 'alice',
  clientId: 'customer',
  isClient: false,
  authorities: [],
  isService: false,
  expiresAtWallMs: 0,
}

const masksTook = () => undefined

function preview(body: string | Buffer, principal = ALICE) {
  const asked: unknown[] = []
  const quotas = {
    ...noLimits(),
    sendEvents: (caller: object, organizationId: string, count: number) =>
      void asked.push([caller, organizationId, count]),
  }
  const shown = previewMasks(
    { quotas, maskLength: 'kept', metrics: { masksTook } },
    principal,
    parseMasksPreview(Buffer.from(body)),
  ).toString()
  assert.deepEqual(asked, [[principal, principal.organizationId ?? '', 1]], 'one event of its own quota')
  return shown
}

function refusalOf(body: string | Buffer): Record<string, string> {
  try {
    preview(body)
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error
    return { error: error.code, ...Object.fromEntries(error.fields) }
  }
  assert.fail('it was not refused')
}

describe('a preview of masks', () => {
  it('hides what the masks select, and never the top-level id, type and timestamp', () => {
    const event = {
      id: 'e',
      type: 't',
      timestamp: 7,
      card: { number: '4111', ok: true, id: 'x' },
      none: null,
    }
    assert.equal(
      preview(JSON.stringify({ event, masks: ['$..*'] })),
      '{"id":"e","type":"t","timestamp":7,"card":{"number":"****","ok":"*","id":"*"},"none":null}',
    )
  })

  it('answers as docs/masks.md says', () => {
    const masks = readFileSync(new URL('../../../docs/masks.md', import.meta.url), 'utf8')
    const [, body = '', answer = ''] = /-d '(.+)'\n```\n\n```text\n(.+)\n/.exec(masks) ?? []
    assert.equal(`{"event":${preview(body)}}`, answer)
    assert.equal(preview('{"event":{"a":"b","n":1.0},"masks":["$.a"]}'), '{"a":"*","n":1}')
  })

  it('takes what is no event yet, and invents nothing', () => {
    assert.equal(preview('{"event":{}}'), '{}')
    assert.equal(preview('{"event":{"a":"1"},"masks":["$.a","$.b"]}'), '{"a":"*"}')
    assert.equal(preview('{"event":{"id":null,"type":5},"masks":["$.a"]}'), '{"id":null,"type":5}')
    assert.equal(preview('{"event":{"__proto__":{"a":"b"}},"masks":["$..a"]}'), '{"__proto__":{"a":"*"}}')
  })

  it('leaves an event without masks as it was written', () => {
    const event = '{ "n": 1.0, "big":12345678901234567890,"é":"\\u00e9" }'
    for (const masks of ['', ',"masks":[]', ',"masks":null'])
      assert.equal(preview(`{"event":${event}${masks}}`), event)
  })

  it('is open to role SERVICE, which uses up nobody’s share', () => {
    const service = { ...ALICE, organizationId: null, isService: true }
    assert.equal(preview('{"event":{"a":"1"},"masks":["a"]}', service), '{"a":"*"}')
  })

  it('refuses what sendEvent refuses, naming the field', () => {
    const many = Array.from({ length: MASKS_MAX + 1 }, () => '$.a')
    const masksRefused = (masks: unknown) => refusalOf(JSON.stringify({ event: {}, masks }))
    for (const masks of [many, ['$['], ['$.a', 'x'.repeat(MASK_CHARACTERS_MAX + 1)], ['$.a.length()']]) {
      const { error, masks: why, ...rest } = masksRefused(masks)
      assert.deepEqual([error, rest], ['invalid_mask', {}])
      assert.match(String(why), /^masks\[|^expected at most/)
    }
    for (const masks of ['$.a', 7, {}, [7], [null]])
      assert.deepEqual(masksRefused(masks), {
        error: 'invalid_request',
        masks: 'must be an array of strings',
      })
    for (const event of ['null', '[]', '"x"', '7'])
      assert.deepEqual(refusalOf(`{"event":${event},"masks":5}`), {
        error: 'invalid_request',
        event: 'must be a JSON object',
        masks: 'must be an array of strings',
      })
    assert.deepEqual(refusalOf('{}'), { error: 'invalid_request', event: 'must be a JSON object' })
    assert.deepEqual(refusalOf('[]'), { error: 'invalid_request' })
  })

  it('refuses bodies that two readers could read differently, and events that are too large', () => {
    const deep = `{"event":${'{"a":'.repeat(200)}1${'}'.repeat(200)}}`
    for (const body of [
      '',
      '{"event":{',
      '{"event":{},"event":{}}',
      '{"event":{"a":1,"a":2},"masks":["$.a"]}',
      deep,
      Buffer.from([0x7b, 0xff, 0x7d]),
    ])
      assert.deepEqual(refusalOf(body), { error: 'malformed_json' }, String(body).slice(0, 50))
    const filled = (bytes: number) => `{"event":{"a":"${'x'.repeat(bytes - 8)}"}}`
    assert.equal(preview(filled(EVENT_BYTES_MAX)).length, EVENT_BYTES_MAX)
    assert.deepEqual(refusalOf(filled(EVENT_BYTES_MAX + 1)), {
      error: 'event_too_large',
      event: `must be at most ${EVENT_BYTES_MAX} bytes`,
    })
  })

  it('is refused past the limit of events, before a mask is looked at', () => {
    const limits = noLimits({ eventsPerSecondPerCaller: 1, eventsBurstPerCaller: 2 })
    const good = parseMasksPreview(Buffer.from('{"event":{}}'))
    const bad = parseMasksPreview(Buffer.from('{"event":{},"masks":["$["]}'))
    previewMasks({ quotas: limits, maskLength: 'kept', metrics: { masksTook } }, ALICE, good)
    assert.throws(
      () => previewMasks({ quotas: limits, maskLength: 'kept', metrics: { masksTook } }, ALICE, bad),
      {
        code: 'invalid_mask',
      },
    )
    assert.throws(
      () => previewMasks({ quotas: limits, maskLength: 'kept', metrics: { masksTook } }, ALICE, bad),
      {
        code: 'rate_limited',
      },
    )
    previewMasks(
      { quotas: limits, maskLength: 'kept', metrics: { masksTook } },
      { ...ALICE, userId: 'bob' },
      good,
    )
  })
})
