import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { parseJsonBody } from '../../parse/parse.ts'
import { withId } from '../event-bytes.ts'
import { parseSendEvent } from './command.ts'

const EVENT = '{"type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z"}'
const parse = (body: string | Buffer) => parseSendEvent(Buffer.from(body as string))
const parseEvent = (event: string) => parse(`{"userId":"bob","event":${event}}`).event

function refused(body: string | Buffer, code: string, ...fields: string[]): void {
  assert.throws(
    () => parse(body),
    (error) => {
      assert.ok(error instanceof RollcallError, String(error))
      assert.equal(error.code, code)
      assert.deepEqual([...error.fields.keys()].sort(), fields.sort())
      return true
    },
  )
}

describe('sendEvent bodies', () => {
  it('takes the least there is', () => {
    const { event, ...rest } = parse(`{"userId":"bob","event":${EVENT}}`)
    assert.deepEqual(rest, {
      userId: 'bob',
      organizationId: undefined,
      userEndpointId: undefined,
      masks: [],
      qos: 0,
      idempotencyKey: undefined,
      ttlSeconds: undefined,
      expiresAtWallMs: undefined,
      collapseKey: undefined,
      cancelOthers: undefined,
      cancelOn: 'answered',
      waitFor: 'acknowledged',
      graceMs: undefined,
    })
    assert.equal(event.bytes.toString(), EVENT)
    assert.equal(event.id, undefined)
  })

  it('keeps the bytes of the event as written, whatever surrounds it', () => {
    const event =
      '{ "type" : "CallOfferedEvent","timestamp":"2026-01-01T00:00:00.5Z", "n":[1.0, 12345678901234567890,\t1e2],"s":"\\u0041\\"}]é😀" }'
    const command = parse(` {"a":{"event":1},"event" : ${event} ,"b":"}\\\\","userId":"bob"} `)
    assert.equal(command.event.bytes.toString(), event)
    assert.equal(withId(command.event, 'X').toString(), `{"id":"X",${event.slice(1)}`)
  })

  it('counts null as absent', () => {
    const command = parse(
      `{"userId":"bob","organizationId":null,"userEndpointId":null,"masks":null,"qos":null,"event":${EVENT}}`,
    )
    assert.deepEqual(
      [command.organizationId, command.userEndpointId, command.masks, command.qos],
      [undefined, undefined, [], 0],
    )
  })

  it('puts the id where a null one stood, also behind characters of many bytes', () => {
    const event = parseEvent(
      '{"ü":"😀","id" : null,"type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z"}',
    )
    const bytes = withId(event, 'made').toString()
    assert.equal(
      bytes,
      '{"ü":"😀","id" : "made","type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z"}',
    )
  })

  it('leaves the sender its own id', () => {
    const event = parseEvent('{"id":"mine","type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z"}')
    assert.equal(event.id, 'mine')
    assert.equal(withId(event, 'made'), event.bytes)
  })

  it('reads any integer but 1 as best effort, and nothing else', () => {
    assert.equal(parse(`{"userId":"b","qos":1,"event":${EVENT}}`).qos, 1)
    assert.equal(parse(`{"userId":"b","qos":1.0,"event":${EVENT}}`).qos, 1)
    assert.equal(parse(`{"userId":"b","qos":2,"event":${EVENT}}`).qos, 0)
    for (const qos of ['"1"', '0.5', 'true', '1e400', '[]'])
      refused(`{"userId":"b","qos":${qos},"event":${EVENT}}`, 'invalid_request', 'qos')
  })

  it('names every bad field at once', () => {
    refused(
      '{"userId":7,"userEndpointId":"a/b","masks":"$","qos":"0","event":[]}',
      'invalid_request',
      'userId',
      'userEndpointId',
      'masks',
      'qos',
      'event',
    )
    refused(
      '{"userId":"b","event":{"type":"AnsweredEvent","timestamp":"yesterday","id":""}}',
      'invalid_request',
      'event.type',
      'event.timestamp',
      'event.id',
    )
    refused('{}', 'invalid_request', 'userId', 'event')
    refused('[]', 'invalid_request')
    refused('null', 'invalid_request')
  })

  it('refuses what two readers could read differently', () => {
    refused(`{"userId":"bob","userId":"eve","event":${EVENT}}`, 'malformed_json')
    refused(`{"userId":"bob","us\\u0065rId":"eve","event":${EVENT}}`, 'malformed_json')
    refused(
      '{"userId":"b","event":{"type":"CallOfferedEvent","type":"CallEndedEvent","timestamp":"2026-01-01T00:00:00Z"}}',
      'malformed_json',
    )
  })

  it('refuses broken JSON and broken text', () => {
    for (const body of ['', '{', '{"userId":}', '\uFEFF\uFEFF{}', '{"a":NaN}', "{'a':1}"])
      refused(body, 'malformed_json')
    refused(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'malformed_json')
  })

  it('bounds depth without exhausting the stack', () => {
    const nest = (depth: number) =>
      `{"userId":"b","x":${'['.repeat(depth)}${']'.repeat(depth)},"event":${EVENT}}`
    assert.equal(parse(nest(99)).userId, 'b')
    refused(nest(100), 'malformed_json')
    refused(nest(100_000), 'malformed_json')
    assert.throws(() => parseJsonBody(Buffer.from('['.repeat(50_000) + ']'.repeat(50_000))), /nested/)
  })

  it('bounds the event by the bytes the sender wrote', () => {
    const ofSize = (size: number, pad: string) => {
      const frame = Buffer.byteLength('{"type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z","p":""}')
      return `{"type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z","p":"${pad.repeat((size - frame) / Buffer.byteLength(pad))}"}`
    }
    assert.equal(parseEvent(ofSize(65_536, 'x')).bytes.length, 65_536)
    refused(`{"userId":"b","event":${ofSize(65_537, 'x')}}`, 'event_too_large', 'event')
    assert.equal(Buffer.byteLength(ofSize(65_535, 'é')), 65_535)
  })

  it('takes prototype names for what they are: names', () => {
    const command = parse(
      `{"__proto__":{"userId":"eve"},"constructor":1,"userId":"__proto__","event":${EVENT}}`,
    )
    assert.equal(command.userId, '__proto__')
    const event = parseEvent(
      '{"__proto__":{"id":"x"},"type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z"}',
    )
    assert.equal(event.id, undefined)
  })

  it('stays quick on a body of very many keys', () => {
    const many = Array.from({ length: 30_000 }, (_, index) => `"${index}":0`).join(',')
    assert.equal(parse(`{${many},"userId":"b","event":${EVENT}}`).userId, 'b')
  })
})
