import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { type BulkItem, readSendEventArray, readSendEventLines } from './bulk.ts'

const EVENT = '{"type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z","n":1.0}'
const GOOD = `{"userId":"bob","event":${EVENT}}`

type Read = typeof readSendEventArray

/** Sizes of groups, and each item in a word: its user, or why it was refused. */
async function read(form: Read, body: string | Buffer): Promise<readonly (readonly string[])[]> {
  const groups: string[][] = []
  for await (const group of form(Buffer.from(body), createFakeClock())) groups.push(group.map(wordFor))
  return groups
}

function wordFor(item: BulkItem): string {
  return item instanceof RollcallError ? item.code : item.userId
}

/** Items of `count` events. */
function many(count: number): readonly string[] {
  return Array.from({ length: count }, () => GOOD)
}

describe('a bulk request that is an array', () => {
  it('keeps the bytes of each event', async () => {
    const body = ` [ ${GOOD} ,\n{ "event" : ${EVENT.replace('1.0', '"]},{\\"[é"')} , "userId" : "zoë" }\t] `
    const events: unknown[] = []
    for await (const group of readSendEventArray(Buffer.from(body), createFakeClock()))
      for (const item of group)
        events.push(item instanceof RollcallError ? item : item.event.bytes.toString())
    assert.deepEqual(events, [EVENT, EVENT.replace('1.0', '"]},{\\"[é"')])
  })

  it('may be empty', async () => {
    for (const body of ['[]', ' [ \n] ']) assert.deepEqual(await read(readSendEventArray, body), [[]])
  })

  for (const [what, item, code] of [
    ['no object', '7', 'invalid_request'],
    ['null', 'null', 'invalid_request'],
    ['an array', '[[],{"a":[]}]', 'invalid_request'],
    ['no event', '{"userId":"bob"}', 'invalid_request'],
    ['a key given twice', `{"userId":"a","userId":"b","event":${EVENT}}`, 'malformed_json'],
    ['nested too deep', `{"userId":${'['.repeat(200)}${']'.repeat(200)}}`, 'malformed_json'],
    ['too large', `{"userId":"${'x'.repeat(262_144)}"}`, 'payload_too_large'],
    ['an event too large', GOOD.replace('1.0', `"${'x'.repeat(65_536)}"`), 'event_too_large'],
  ] as const)
    it(`lets a bad item harm no other: ${what}`, async () => {
      assert.deepEqual(await read(readSendEventArray, `[${GOOD},${item},${GOOD}]`), [['bob', code, 'bob']])
    })

  for (const [what, body] of [
    ['empty', ''],
    ['cut off', `[${GOOD}`],
    ['cut off in a text', `[${GOOD},"`],
    ['cut off after an escape', `[${GOOD},"\\`],
    ['a comma too many', `[${GOOD},]`],
    ['a comma first', `[,${GOOD}]`],
    ['no comma', `[${GOOD} ${GOOD}]`],
    ['more behind it', `[${GOOD}] x`],
    ['two of them', `[${GOOD}][${GOOD}]`],
    ['brackets that do not match', `[{"userId":[}]]`],
    ['a bracket too many', `[${GOOD}}]`],
    ['another space', `[\u00a0${GOOD}]`],
    ['a control character', `[\u0001${GOOD}]`],
    ['no UTF-8', Buffer.concat([Buffer.from(`[${GOOD},"`), Buffer.from([0xff]), Buffer.from('"]')])],
    ['a broken item', `[${GOOD},{"userId":},${GOOD}]`],
    ['text', '"[]"'],
  ] as const)
    it(`is refused whole when it is no JSON: ${what}`, async () => {
      await assert.rejects(read(readSendEventArray, body), { code: 'malformed_json' })
    })

  it('is refused whole when it is no array, or one of 1,001', async () => {
    await assert.rejects(read(readSendEventArray, GOOD), { code: 'invalid_request' })
    await assert.rejects(read(readSendEventArray, `[${many(1_001)}]`), { code: 'invalid_request' })
    const [group] = await read(readSendEventArray, `[${many(1_000)}]`)
    assert.equal(group?.length, 1_000)
  })
})

describe('a bulk request of lines', () => {
  it('has groups of 1,000, and lets a broken line harm no other', async () => {
    const lines = many(2_500).with(1, '{"userId":').with(2, '').with(3, ' \t\r').with(4, `${GOOD}\r`)
    const groups = await read(readSendEventLines, `${lines.join('\n')}\n`)
    assert.deepEqual(
      groups.map((group) => group.length),
      [1_000, 1_000, 498],
    )
    assert.deepEqual(groups[0]?.slice(0, 4), ['bob', 'malformed_json', 'bob', 'bob'])
  })

  it('names a line that is too long, or not UTF-8', async () => {
    const lines = [GOOD, `{"userId":"${'x'.repeat(262_144)}"}`, GOOD, '\xff', GOOD]
    assert.deepEqual(await read(readSendEventLines, Buffer.from(lines.join('\n'), 'latin1')), [
      ['bob', 'payload_too_large', 'bob', 'malformed_json', 'bob'],
    ])
  })

  it('is refused whole past 10,000 lines, blank ones included, before anything is read', async () => {
    for (const body of ['\n'.repeat(10_001), `${GOOD}\n`.repeat(10_001)])
      await assert.rejects(read(readSendEventLines, body), { code: 'invalid_request' })
    assert.deepEqual(await read(readSendEventLines, '\n'.repeat(10_000)), [])
  })
})

describe('a large body', () => {
  it('lets others run meanwhile', async () => {
    const item = `{"userId":"bob","event":${EVENT.replace('1.0', `"${'x'.repeat(15_000)}"`)}}`
    const body = Buffer.from(`[${Array.from({ length: 1_000 }, () => item)}]`)
    let nowMs = 0
    let turns = 0
    const turn = (): void => {
      turns++
      if (turns < 1_000) setImmediate(turn)
    }
    setImmediate(turn)
    // Each look at the clock takes a millisecond: five make a slice.
    for await (const group of readSendEventArray(body, { monotonicMs: () => nowMs++ }))
      assert.equal(group.length, 1_000)
    assert(turns > 150, `others ran ${turns} times`)
    turns = 1_000
  })
})
