import assert from 'node:assert/strict'
import type { Duplex } from 'node:stream'
import { suite, type TestContext, test } from 'node:test'
import { seededRandom } from '../../../../test/helpers/fake-clock.ts'
import { openHttp } from '../../../../test/helpers/http-fixture.ts'
import { alike, LaneScene } from '../../../../test/helpers/lane-scene.ts'
import { type Random, systemClock } from '../../clock/clock.ts'
import type { Handshake } from '../connections/upgrade.ts'

/** Silence after which nothing more is waited for. */
const SILENCE_MS = 80
const TOGETHER = 50
const MUTATIONS = 200

/** What the product heeds of a handshake. */
const TOLD = ['host', 'origin', 'upgrade', 'user-agent', 'connection', 'cookie', 'x-forwarded-for'] as const

/** Says all that it was told, and then what it hears. */
function tell(
  { method, url, headers }: Handshake,
  socket: Duplex,
  head: Buffer,
  remoteAddress: string,
): void {
  const rest = TOLD.map((name) => headers[name])
  const key = [
    headers['sec-websocket-key'],
    headers['sec-websocket-protocol'],
    headers['sec-websocket-version'],
  ]
  socket.on('error', () => undefined)
  socket.write(`101 ${JSON.stringify({ method, url, rest, key, remoteAddress })}\n`)
  if (head.length > 0) socket.unshift(head)
  socket.on('data', (chunk: Buffer) => socket.write(`heard ${chunk.toString('latin1')}\n`))
  socket.on('end', () => socket.end())
}

type Scene = { readonly lane: LaneScene; upgraded: number }

async function open(t: TestContext, fastLane: boolean): Promise<Scene> {
  const fixture = await openHttp(t, { settings: { fastLane, trustedProxies: ['127.0.0.1'] } })
  fixture.http.onWebSocket(tell)
  await fixture.listen()
  const scene = { lane: new LaneScene(t, fixture), upgraded: 0 }
  fixture.http.server.on('upgrade', () => scene.upgraded++)
  return scene
}

async function reaction({ lane }: Scene, ...parts: readonly string[]): Promise<string> {
  const link = await lane.connect()
  let received = ''
  link.socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
  })
  for (const part of [...parts, 'later']) {
    if (!link.socket.destroyed) link.send(Buffer.from(part, 'latin1'))
    for (let length = -1; length !== received.length; ) {
      length = received.length
      await Promise.race([link.closed, systemClock().sleep(SILENCE_MS)])
    }
  }
  const end = link.socket.destroyed || link.socket.readableEnded ? '(closed)' : '(open)'
  link.socket.destroy()
  return alike(received) + end
}

async function compareAll(t: TestContext, requests: readonly string[]): Promise<readonly [Scene, Scene]> {
  const [ours, theirs] = [await open(t, true), await open(t, false)]
  for (let at = 0; at < requests.length; at += TOGETHER) {
    const some = requests.slice(at, at + TOGETHER)
    await Promise.all(
      some.map(async (text) => {
        const [actual, expected] = await Promise.all([reaction(ours, text), reaction(theirs, text)])
        // A machine that is busy may be silent for a while.
        if (actual !== expected)
          assert.equal(await reaction(ours, text), await reaction(theirs, text), JSON.stringify(text))
      }),
    )
  }
  return [ours, theirs]
}

const KEY = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
const MQTT = 'Sec-WebSocket-Protocol: mqtt'
/** As the clients send them that there are most of. */
const USUAL = {
  'ws, MQTT.js': [...KEY, 'Connection: Upgrade', 'Upgrade: websocket', MQTT, 'Host: 127.0.0.1:8080'],
  Chromium: [
    'Host: rollcall.test',
    'Connection: Upgrade',
    'Pragma: no-cache',
    'Cache-Control: no-cache',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64)',
    'Upgrade: websocket',
    'Origin: https://app.test',
    'Sec-WebSocket-Version: 13',
    'Accept-Encoding: gzip, deflate, br',
    'Accept-Language: en-US,en;q=0.9',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
    MQTT,
    'Cookie: a=b; c=d',
  ],
  Firefox: [
    'Host: rollcall.test',
    'User-Agent: Mozilla/5.0',
    'Accept: */*',
    ...KEY,
    'Sec-WebSocket-Extensions: permessage-deflate',
    'Sec-Fetch-Dest: empty',
    'Sec-Fetch-Mode: websocket',
    'Sec-Fetch-Site: same-origin',
    'Connection: keep-alive, Upgrade',
    'Upgrade: websocket',
    MQTT,
  ],
  'Mosquitto, behind a proxy': [
    'Host: rollcall.test',
    'Upgrade: WebSocket',
    'connection: upgrade',
    'X-Forwarded-For: 203.0.113.7, 127.0.0.1',
    'X-Forwarded-Proto: https',
    'Sec-WebSocket-Protocol: mqttv3.1, mqtt',
    ...KEY,
  ],
} as const

function requestOf(lines: readonly string[], first = 'GET /ws HTTP/1.1'): string {
  return `${[first, ...lines].join('\r\n')}\r\n\r\n`
}

const PLAIN = USUAL['ws, MQTT.js']

function otherForms(): readonly string[] {
  const firsts = [
    'GET /ws?token=a.b-c_d~e&x=%20 HTTP/1.1',
    'GET /ws#part HTTP/1.1',
    'GET /wss HTTP/1.1',
    'GET /ws/ HTTP/1.1',
    'GET //ws HTTP/1.1',
    'GET http://127.0.0.1/ws HTTP/1.1',
    'GET /ws HTTP/1.0',
    'GET /ws  HTTP/1.1',
    'get /ws HTTP/1.1',
    'POST /ws HTTP/1.1',
    'GET /ws',
  ]
  const more = [
    'Host: other.test',
    'Upgrade: h2c',
    'Upgrade: websocket',
    'Connection: close',
    'Content-Length: 5',
    'Content-Length: 0',
    'Transfer-Encoding: chunked',
    'Sec-WebSocket-Key: other',
    'X-Unknown: 1',
    'User-Agent:',
    'User-Agent: a\tb',
    'User-Agent: \u00e9',
    'User-Agent : a',
    'User-Agent: a ',
    'User-Agent:  a',
    'User-Agent: a\r\n b',
    'User_Agent: a',
    'User-Agent: a\nCookie: b',
    `Cookie: ${'a'.repeat(9_000)}`,
    `Cookie: ${'a'.repeat(17_000)}`,
    '__proto__: a',
    'constructor: a',
    ': a',
    'Expect: 100-continue',
  ]
  const others = [
    { 'Connection: Upgrade': 'Connection: keep-alive' },
    { 'Connection: Upgrade': 'Connection: close, Upgrade' },
    { 'Upgrade: websocket': 'Upgrade: h2c, websocket' },
    { 'Upgrade: websocket': 'Upgrade: websocket/13' },
    { 'Host: 127.0.0.1:8080': 'Host:' },
    { 'Host: 127.0.0.1:8080': 'Via: x' },
  ]
  const changed = (lines: { readonly [line: string]: string | undefined }): string =>
    requestOf(PLAIN.map((line) => lines[line] ?? line))
  return [
    ...firsts.map((first) => requestOf(PLAIN, first)),
    ...more.map((line) => requestOf([...PLAIN, line])),
    ...others.map(changed),
    requestOf(PLAIN).replaceAll('\r\n', '\n'),
    `\r\n${requestOf(PLAIN)}`,
    `${requestOf(PLAIN)}frames behind it`,
    `${requestOf(PLAIN)}${requestOf(PLAIN)}`,
  ]
}

/** One byte is another, is gone, or is there twice. */
function mutated(random: Random): string {
  const text = requestOf(USUAL.Firefox)
  const [place = 0, other = 0, how = 0] = new Uint16Array(Uint8Array.from(random.bytes(6)).buffer)
  const at = place % text.length
  const [before, after] = [text.slice(0, at), text.slice(at + 1)]
  const between = ['', String.fromCharCode(other & 0xff), `${text[at]}${text[at]}`]
  return `${before}${between[how % between.length]}${after}`
}

suite('a handshake is the same with the lane and without it', () => {
  test('as clients send it: then it takes the lane', async (t) => {
    const requests = Object.values(USUAL).map((lines) => requestOf(lines))
    const [ours, theirs] = await compareAll(t, requests)
    const said = await Promise.all(requests.map((text) => reaction(ours, text)))
    for (const [at, text] of said.entries())
      assert.match(text, /^101 .*\nheard later\n\(open\)$/, requests[at])
    assert.equal(ours.upgraded, 0)
    assert.ok(theirs.upgraded >= requests.length)
  })

  test('whatever form it has', async (t) => {
    await compareAll(t, otherForms())
  })

  test('whatever byte is another', async (t) => {
    const random = seededRandom('handshakes')
    await compareAll(
      t,
      Array.from({ length: MUTATIONS }, () => mutated(random)),
    )
  })

  test('wherever it is cut', async (t) => {
    const [ours, theirs] = [await open(t, true), await open(t, false)]
    const text = requestOf(USUAL.Chromium)
    await Promise.all(
      [1, 7, 20, text.length - 1].map(async (at) => {
        const parts = [text.slice(0, at), text.slice(at)]
        assert.equal(await reaction(ours, ...parts), await reaction(theirs, ...parts))
      }),
    )
  })
})
