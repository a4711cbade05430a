import assert from 'node:assert/strict'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { BULK_BYTES_MAX } from '@rollcall/protocol/limits'
import { ask, dial, post, readToEnd } from '../../../test/helpers/ask.ts'
import { type HttpFixture, openHttp } from '../../../test/helpers/http-fixture.ts'
import { noLimits } from '../../../test/helpers/no-limits.ts'

const PATH = '/rtc-api/users/endpoints/sendEvents'
const LINES = 'application/x-ndjson'
const EVENT = '{"type":"CallOfferedEvent","timestamp":"2026-01-01T00:00:00Z","id":"e-1","n":1.0}'

function command(userId: string, more = ''): string {
  return `{"userId":"${userId}",${more}"event":${EVENT}}`
}

function postLines(url: string, body: string, headers: Record<string, string> = {}) {
  return ask(url, `POST ${PATH}`, { body, headers: { 'content-type': LINES, ...headers } })
}

function sentTo({ delivery }: HttpFixture): readonly string[] {
  return delivery.sent.map(({ command: { userId } }) => userId)
}

describe('POST sendEvents', () => {
  it('answers each event in order, and one bad one harms no other', async (test) => {
    const fixture = await openHttp(test)
    const url = await fixture.listen()
    const answer = await post(
      url,
      PATH,
      `[${command('bob')},{"userId":"+","event":${EVENT}},${command('eve')}]`,
    )
    assert.deepEqual(
      [answer.status, answer.headers['content-type']],
      [200, 'application/json; charset=utf-8'],
    )
    const [first, second, third] = JSON.parse(answer.text)
    assert.deepEqual(
      [first, third],
      [
        { count: 1, eventId: 'e-1' },
        { count: 1, eventId: 'e-1' },
      ],
    )
    assert.deepEqual(Object.keys(second).sort(), ['error', 'message', 'userId'])
    assert.equal(second.error, 'invalid_request')
    assert.deepEqual(sentTo(fixture), ['bob', 'eve'])
    assert.equal(fixture.delivery.sent[0]?.command.event.bytes.toString(), EVENT)
    assert.deepEqual(fixture.refused, ['invalid_request'])
  })

  it('takes lines, and answers lines where they are accepted', async (test) => {
    const fixture = await openHttp(test)
    const url = await fixture.listen()
    const body = `${command('bob')}\n{"broken\n\n${command('eve')}`
    const array = await postLines(url, body)
    assert.equal(array.headers['content-type'], 'application/json; charset=utf-8')
    const answers: readonly { error?: string }[] = JSON.parse(array.text)
    assert.deepEqual(
      answers.map(({ error }) => error),
      [undefined, 'malformed_json', undefined],
    )
    const lines = await postLines(url, body, { accept: 'application/json;q=0.5, application/X-NDJSON' })
    assert.equal(lines.headers['content-type'], LINES)
    assert.deepEqual(
      lines.text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
      answers,
    )
    assert.equal((await postLines(url, '')).text, '[]')
  })

  it('sends nothing of a body that is refused whole', async (test) => {
    const fixture = await openHttp(test)
    const url = await fixture.listen()
    const tooMany = `[${Array.from({ length: 1_001 }, () => command('bob'))}]`
    for (const [body, error] of [
      [tooMany, 'invalid_request'],
      [`[${command('bob')},{]`, 'malformed_json'],
      [command('bob'), 'invalid_request'],
      ['', 'malformed_json'],
    ] as const) {
      const answer = await post(url, PATH, body)
      assert.deepEqual([answer.status, JSON.parse(answer.text).error], [400, error])
    }
    const unread = await ask(url, `POST ${PATH}`, { body: '[]', headers: { 'content-type': 'text/plain' } })
    assert.equal(unread.status, 415)
    const strange = await post(url, PATH, '[]', { authorization: 'Bearer nobody' })
    assert.equal(strange.status, 401)
    assert.deepEqual(sentTo(fixture), [])
  })

  it('has keys in the events, not in the header', async (test) => {
    const fixture = await openHttp(test)
    const url = await fixture.listen()
    const refused = await post(url, PATH, `[${command('bob')}]`, { 'idempotency-key': 'k' })
    assert.equal(refused.status, 400)
    assert.match(refused.text, /"Idempotency-Key":"is for one event/)
    await post(
      url,
      PATH,
      `[${command('bob', '"idempotencyKey":"k-1",')},${command('bob', '"idempotencyKey":"",')}]`,
    )
    assert.deepEqual(
      fixture.delivery.sent.map((sent) => sent.command.idempotencyKey),
      ['k-1'],
    )
  })

  it('answers a fault of one event as such, and hides what it was', async (test) => {
    const fixture = await openHttp(test)
    const url = await fixture.listen()
    fixture.delivery.failure = new Error('secret')
    const answer = await post(url, PATH, `[${command('bob')}]`)
    assert.equal(answer.status, 200)
    assert.match(answer.text, /^\[\{"error":"internal_error"/)
    assert.doesNotMatch(answer.text, /secret/)
    assert.match(fixture.logged.join(''), /request failed/)
  })

  it('takes 16 MiB and not a byte more', async (test) => {
    const fixture = await openHttp(test)
    const url = await fixture.listen()
    const item = command('bob', `"pad":"${'x'.repeat(250_000)}",`)
    const most = `[${Array.from({ length: 60 }, () => item)}]`.padEnd(BULK_BYTES_MAX)
    assert.equal((await post(url, PATH, most)).status, 200)
    assert.equal(fixture.delivery.sent.length, 60)
    const socket = await dial(test, url)
    const head = ['authorization: Bearer alice', 'content-type: application/json', 'host: x']
    socket.write(
      `POST ${PATH} HTTP/1.1\r\n${head.join('\r\n')}\r\ncontent-length: ${BULK_BYTES_MAX + 1}\r\n\r\n[`,
    )
    const answered = once(socket, 'data')
    const ended = readToEnd(socket)
    await answered
    // For so long it still reads what was on its way.
    await fixture.clock.advance(1_000)
    assert.match(await ended, /^HTTP\/1\.1 413 [\s\S]*payload_too_large/)
  })

  it('holds what one caller has sent, no more than its share, and nothing that is only announced', async (test) => {
    const limits = noLimits({ callerSharePercent: 25 })
    const fixture = await openHttp(test, { limits })
    const url = await fixture.listen()
    const status = async (authorization: string) => (await post(url, PATH, '[]', { authorization })).status
    const head = ['authorization: Bearer alice', 'content-type: application/json', 'host: x']
    const announce = async () => {
      const socket = await dial(test, url)
      socket.write(
        `POST ${PATH} HTTP/1.1\r\n${head.join('\r\n')}\r\ncontent-length: ${BULK_BYTES_MAX}\r\n\r\n[`,
      )
      return socket
    }
    const announced = await Promise.all(Array.from({ length: 8 }, announce))
    assert.equal(await status('Bearer alice'), 200)
    const [slow] = announced
    // With the first byte of each: one byte below a quarter of all there is.
    slow?.write(' '.repeat(BULK_BYTES_MAX - 1 - announced.length))
    while ((await status('Bearer alice')) !== 503);
    assert.equal(await status('Bearer bob'), 200)
    slow?.destroy()
    while ((await status('Bearer alice')) !== 200);
    for (const socket of announced) socket.destroy()
    while (limits.ledger.bulkBytes.figures.used > 0) await status('Bearer alice')
  })
})
