import type { Random } from '../../server/src/clock/clock.ts'
import { requestText, SEND } from './lane-scene.ts'

const PATH = '/users/endpoints/sendEvent'
/** What follows: an answer to it shows where a server took the request before it to end. */
const NEXT = 'GET /rtc-api/next HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'

const withLine = (line: string): string => SEND.replace('\r\n', `\r\n${line}\r\n`)
const replaced = (from: string | RegExp, to: string): string => {
  const text = SEND.replace(from, to)
  if (text === SEND) throw new Error(`nothing to replace: ${from}`)
  return text
}

/** Requests that servers have been known to read differently, and such as differ from the usual by little. */
export function hostileRequests(): readonly string[] {
  const length = /Content-Length: (\d+)/.exec(SEND)?.[1] ?? ''
  return [
    ...framing(length),
    ...lines(),
    ...firstLines(),
    ...bodies(),
    `${SEND}${SEND}`,
    `${SEND}${NEXT}`,
    `\r\n${SEND}`,
    `\n${SEND}`,
    ` ${SEND}`,
  ].map((text) => text + NEXT)
}

/** RFC 9112 §6, §11.2: two ways to tell a length, and lengths that are none. */
function framing(length: string): readonly string[] {
  const line = `Content-Length: ${length}`
  const otherLengths = [
    '',
    '0',
    `+${length}`,
    `0${length}`,
    `${length} `,
    ` ${length}`,
    `${length},${length}`,
  ]
  const wrongLengths = [
    `0x${length}`,
    `${length}.0`,
    `-${length}`,
    '1e2',
    '999999999999999999999',
    `${length};`,
  ]
  const codings = [
    'chunked',
    'Chunked',
    'identity',
    'gzip, chunked',
    'xchunked',
    ' chunked',
    '\tchunked',
    'chunked ',
  ]
  return [
    ...[...otherLengths, ...wrongLengths].map((value) => replaced(line, `Content-Length: ${value}`)),
    ...codings.flatMap((coding) => [
      withLine(`Transfer-Encoding: ${coding}`),
      replaced(line, `Transfer-Encoding: ${coding}`),
      replaced(line, `${line}\r\nTransfer-Encoding: ${coding}`),
    ]),
    withLine(line),
    withLine('Content-Length: 5'),
    withLine('content-length: 5'),
    replaced(line, `Content-Length : ${length}`),
    replaced(line, `Content-Length:${length}`),
    replaced(line, `Content-Length:\t${length}`),
    replaced(line, `Content_Length: ${length}`),
    replaced(line, `Content-Length: ${Number(length) - 1}`),
    replaced(line, `Content-Length: ${Number(length) - 7}`),
    withLine('Transfer_Encoding: chunked'),
    withLine('Transfer-Encoding\x0b: chunked'),
    withLine('Expect: 100-continue'),
    withLine('Trailer: x'),
    withLine('TE: trailers'),
  ]
}

function lines(): readonly string[] {
  return [
    withLine('Host: elsewhere'),
    replaced('Host: 127.0.0.1', 'Host: '),
    replaced('Host: 127.0.0.1\r\n', ''),
    replaced('Host: 127.0.0.1', 'Host: a b'),
    withLine('Authorization: Bearer alice'),
    replaced('Bearer backend', 'bearer backend'),
    replaced('Bearer backend', 'Bearer  backend'),
    replaced('Bearer backend', 'Bearer nobody'),
    replaced('Bearer backend', 'Bearer new-backend'),
    replaced('Bearer backend', 'Bearer fault'),
    replaced('Bearer backend', 'Bearer service'),
    replaced('Bearer backend', 'Basic YTpi'),
    replaced('Authorization: Bearer backend\r\n', ''),
    withLine('Connection: close'),
    withLine('Connection: Keep-Alive'),
    withLine('Connection: keep-alive, close'),
    withLine('Connection: upgrade\r\nUpgrade: h2c'),
    withLine('Connection: Content-Length'),
    withLine('Keep-Alive: timeout=1'),
    withLine('Origin: https://a.example'),
    withLine('Content-Encoding: identity'),
    withLine('Content-Encoding: gzip'),
    withLine('Prefer: wait=1'),
    withLine('Idempotency-Key: k1'),
    withLine('Idempotency-Key: '),
    withLine(`Idempotency-Key: ${'k'.repeat(129)}`),
    withLine('Idempotency-Key: a\r\nIdempotency-Key: b'),
    withLine('X-Request-Id: mine-1'),
    withLine('X-Request-Id: <b>'),
    withLine('X-Forwarded-For: 1.2.3.4'),
    withLine('Cookie: a=b'),
    withLine('X: y'),
    withLine(': nothing'),
    withLine('No-Colon'),
    withLine(' folded'),
    withLine('Folded: a\r\n b'),
    withLine('Bare: a\nX: b'),
    withLine('Bare: a\rX: b'),
    withLine('Zero: a\0b'),
    withLine('Latin: \xe9'),
    withLine('Accept-Language: a\tb'),
    withLine('User-Agent: \x7f'),
    withLine(`User-Agent: ${'a'.repeat(9_000)}`),
    replaced('Accept: */*', 'Accept:*/*'),
    replaced('Accept: */*', 'Accept: */* '),
    replaced('Accept: */*', 'Accept:   */*'),
    replaced('Accept: */*', 'Accept:'),
    replaced('Accept: */*', 'ACCEPT: */*'),
    replaced('Accept: */*', '[Accept]: */*'),
    ...[
      'text/plain',
      'application/json;charset=latin1',
      'application/json; charset=UTF-8',
      'APPLICATION/JSON',
      '',
    ].map((type) => replaced('Content-Type: application/json', `Content-Type: ${type}`)),
  ]
}

function firstLines(): readonly string[] {
  const first = 'POST /rtc-api/users/endpoints/sendEvent HTTP/1.1'
  return [
    first.replace('1.1', '1.0'),
    first.replace('1.1', '2.0'),
    first.replace('HTTP', 'http'),
    first.replace('POST', 'post'),
    first.replace('POST', 'PUT'),
    first.replace('POST', 'GET'),
    first.replace('POST ', 'POST  '),
    first.replace('sendEvent ', 'sendEvent  '),
    first.replace('sendEvent ', 'sendEvent\t'),
    `${first} `,
    first.replace('sendEvent', 'sendEvent?a=b'),
    first.replace('sendEvent', 'sendEvent/'),
    first.replace('sendEvent', 'sendevent'),
    first.replace('sendEvent', 'send%45vent'),
    first.replace('sendEvent', '%zz'),
    first.replace('/rtc-api', '//rtc-api'),
    first.replace('/rtc-api', 'http://127.0.0.1/rtc-api'),
    first.replace('/users', '/./users'),
    first.replace('/endpoints/sendEvent', '/endpoints/sendEvents'),
  ].map((line) => SEND.replace(first, line))
}

function bodies(): readonly string[] {
  const send = (body: unknown) => requestText(PATH, body)
  const keep = (body: unknown) =>
    requestText('/users/endpoints/keepalive', body, { Authorization: 'Bearer alice' })
  const make = (body: unknown, path = '') =>
    requestText(`/users/endpoints${path}`, body, { Authorization: 'Bearer alice' })
  const event = { type: 'CallOfferedEvent', timestamp: '2011-12-03T10:15:30Z' }
  const bulk = (body: unknown, lines: { readonly [name: string]: string } = {}) =>
    requestText('/users/endpoints/sendEvents', body, lines)
  const command = { userId: 'bob', event: { ...event, id: 'e-1' } }
  return [
    bulk([]),
    bulk([command]),
    bulk([command, { userId: 'bob' }, 7, command]),
    bulk('[{"userId":"bob"},,]'),
    bulk('[{"userId":"bob"}'),
    bulk('{}'),
    bulk('null'),
    bulk('\ufeff[]'),
    bulk(Array.from({ length: 1_001 }, () => 0)),
    bulk(Array.from({ length: 500 }, () => command)),
    bulk(Array.from({ length: 2_000 }, () => command)),
    bulk([command], { 'Idempotency-Key': 'k' }),
    bulk([command], { Accept: 'application/x-ndjson' }),
    bulk(JSON.stringify(command), { 'Content-Type': 'application/x-ndjson' }),
    bulk([command], { Authorization: 'Bearer service' }),
    bulk([command], { Authorization: 'Bearer new-alice' }),
    send({ userId: 'bob', event }),
    send({ userId: 'bob', event: { ...event, id: 'a b%' } }),
    send({ userId: 'bob', event, masks: ['$.a'], qos: 1 }),
    send('{"userId":"bob","event":{"type":"CallOfferedEvent"},"userId":"eve"}'),
    send('{'),
    send('[]'),
    send('null'),
    send(`\ufeff${JSON.stringify({ userId: 'bob', event })}`),
    send({ userId: 'bob', event: { type: 'x' } }),
    send({ userId: 'bob', event: { ...event, text: 'é\u2028😀' } }),
    send({ userId: 'bob', event: { ...event, text: 'x'.repeat(40_000) } }),
    send({ userId: 'bob', event: { ...event, text: 'x'.repeat(70_000) } }),
    keep({ userEndpointId: 'e1' }),
    keep({ userEndpointId: 'unknown' }),
    keep({ userEndpointId: 'a/b' }),
    keep({ userEndpointId: '' }),
    keep({ userEndpointId: null }),
    keep({ userEndpointId: 7 }),
    keep({ userEndpointId: 'e1', more: 1 }),
    keep('{"userEndpointId":"e1","userEndpointId":"e2"}'),
    keep('{"userEndpointId":"e1","__proto__":{}}'),
    keep('{}'),
    keep('"e1"'),
    make({ keepAliveSeconds: 30 }),
    make({ keepAliveSeconds: 30 }, '/register'),
    make({ userEndpointId: 'é', keepAliveSeconds: 30 }, '/register'),
    make({ userEndpointId: 'é', keepAliveSeconds: 30, serverKeepAliveReminderOn: true }),
    make({ userEndpointId: '', keepAliveSeconds: 30, serverKeepAliveReminderOn: null }),
    make({ userEndpointId: null, keepAliveSeconds: 30 }),
    make({ keepAliveSeconds: 0 }),
    make({ keepAliveSeconds: 86_401 }),
    make({ keepAliveSeconds: 1.5 }),
    make({ keepAliveSeconds: '30' }),
    make({ keepAliveSeconds: 30, more: true }),
    make('{"keepAliveSeconds":30,"keepAliveSeconds":31}'),
    make('{"keepAliveSeconds":3e1}'),
    make('{"keepAliveSeconds":30,"__proto__":1}'),
    requestText('/users/endpoints/keepalive', { userEndpointId: 'e1' }, { Authorization: 'Bearer service' }),
    requestText('/users/endpoints', { keepAliveSeconds: 30 }, { Authorization: 'Bearer service' }),
  ]
}

const BYTES = ['\r', '\n', ' ', '\t', ':', ',', '0', '1', '\0', 'A', 'a', '-', '/', '{', '"', '\xff']

/** The usual request with a byte or a few put in, taken out, or made another. */
export function mutated(random: Random): string {
  const [kind = 0, size = 0, byte = 0, high = 0, low = 0] = random.bytes(5)
  const at = ((high << 8) | low) % SEND.length
  const rest = SEND.slice(at)
  const put = BYTES[byte % BYTES.length] ?? ''
  if (kind % 4 === 0) return SEND.slice(0, at) + put + rest + NEXT
  if (kind % 4 === 1) return SEND.slice(0, at) + put + rest.slice(1) + NEXT
  if (kind % 4 === 2) return SEND.slice(0, at) + rest.slice(1 + (size % 3)) + NEXT
  return SEND.slice(0, at) + rest.slice(0, size % 40) + rest + NEXT
}
