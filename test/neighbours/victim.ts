import assert from 'node:assert/strict'
import { call } from '../helpers/call.ts'
import { connectPhone, type Phone } from '../helpers/phone.ts'
import { eventually } from '../helpers/run-server.ts'
import { Figures } from './figures.ts'
import type { Scene } from './scene.ts'

const PERIOD_SECONDS = 15
const KEEPALIVE_MS = 4_000
const SEND_MS = 200
const HISTORY_MS = 500
const SIGN_IN_MS = 1_000
/** Nobody waits longer than this for anything; then it is a fault. */
const PATIENCE_MS = 10_000

/** p99 that a neighbour's load must not take an activity of the victim past. */
const P99_MS = 250
const SIGN_IN_P99_MS = 1_000

/**
 * An organization at its daily work: one device that keeps itself alive over HTTP, one over MQTT, a backend that
 * rings them five times a second and waits for the acknowledgements, somebody who reads the history, people who
 * sign in, a webhook. It counts how long each takes, and everything that is refused or lost.
 */
export class Victim {
  readonly keepalives = new Figures()
  readonly linkKeepalives = new Figures()
  readonly sends = new Figures()
  readonly histories = new Figures()
  readonly signIns = new Figures()
  /** Ids of events that the server has accepted, in order. */
  readonly accepted: string[] = []
  readonly #scene: Scene
  readonly #stop = new AbortController()
  readonly #phones: Phone[] = []
  #deviceToken = ''
  #backendToken = ''
  #work: Promise<unknown> = Promise.resolve()

  constructor(scene: Scene) {
    this.#scene = scene
  }

  get backendToken(): string {
    return this.#backendToken
  }

  async start(): Promise<void> {
    this.#deviceToken = await this.#scene.tokenOfUser('vera')
    this.#backendToken = await this.#scene.tokenOfClient('acme-backend')
    for (const id of ['over-http', 'over-mqtt']) await this.#device(id)
    const link = this.#phones[1]
    this.#work = Promise.all([
      this.#every(KEEPALIVE_MS, this.keepalives, () => this.#keepalive('over-http')),
      this.#every(KEEPALIVE_MS, this.linkKeepalives, async () => {
        const acknowledged = link?.client.publishAsync('users/endpoints/over-mqtt/keepalive', '', { qos: 1 })
        await inTime(acknowledged)
      }),
      this.#every(SEND_MS, this.sends, () => this.#send()),
      this.#every(HISTORY_MS, this.histories, () => this.#ask('GET events?limit=20')),
      this.#every(SIGN_IN_MS, this.signIns, () => this.#scene.tokenOfUser('victor')),
    ])
  }

  /** Ends the work, once what is under way is over. */
  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#work
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#phones.map((phone) => phone.end()))
  }

  /** One line for a person. */
  summary(): string {
    const of = (name: string, figures: Figures) =>
      `${name} ${figures.count} p50 ${figures.quantileMs(0.5).toFixed(0)} p99 ${figures.quantileMs(0.99).toFixed(0)} ms`
    return [
      of('keepalive', this.keepalives),
      of('over the link', this.linkKeepalives),
      of('send', this.sends),
      of('history', this.histories),
      of('sign-in', this.signIns),
    ].join('; ')
  }

  /** Nothing refused, no registration and no accepted event lost. */
  async judgeLosses(): Promise<void> {
    for (const [name, figures] of this.#activities()) assert.deepEqual(figures.faults, [], name)
    const { json } = await call(this.#scene.server.url, this.#deviceToken, 'GET users/endpoints')
    assert.ok(Array.isArray(json))
    assert.deepEqual(json.map(({ id }) => id).sort(), ['over-http', 'over-mqtt'], 'registrations')
    assert.ok(this.accepted.length > 0)
    for (const [index, phone] of this.#phones.entries())
      await eventually(
        () => this.accepted.every((id) => phone.received.some(({ event }) => event['id'] === id)),
        `phone ${index} has every accepted event`,
      )
    for (const id of [this.accepted[0], this.accepted.at(-1)]) await this.#ask(`GET events/${id}`)
  }

  /** Each within its p99. Apart from the losses, since a busy machine can make it fail. */
  judgeLatencies(): void {
    for (const [name, figures] of this.#activities()) {
      const boundMs = figures === this.signIns ? SIGN_IN_P99_MS : P99_MS
      const p99Ms = figures.quantileMs(0.99)
      assert.ok(p99Ms <= boundMs, `${name}: p99 ${p99Ms.toFixed(0)} ms. ${this.summary()}`)
    }
  }

  #activities(): readonly (readonly [string, Figures])[] {
    return [
      ['keepalive', this.keepalives],
      ['keepalive over the link', this.linkKeepalives],
      ['send', this.sends],
      ['history', this.histories],
      ['sign-in', this.signIns],
    ]
  }

  async #device(id: string): Promise<void> {
    const { url } = this.#scene.server
    const command = { userEndpointId: id, keepAliveSeconds: PERIOD_SECONDS }
    const { status, text } = await call(url, this.#deviceToken, 'POST users/endpoints/register', command)
    assert.equal(status, 200, text)
    const phone = await connectPhone(url, 'vera', this.#deviceToken)
    this.#phones.push(phone)
    assert.deepEqual(await phone.subscribe(`users/endpoints/${id}`), [1])
  }

  #keepalive(userEndpointId: string): Promise<unknown> {
    return this.#ask('POST users/endpoints/keepalive', { userEndpointId }, this.#deviceToken)
  }

  async #send(): Promise<void> {
    const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T12:00:00Z' }
    const body = { userId: 'vera', qos: 1, event }
    const headers = await this.#ask('POST users/endpoints/sendEvent', body, this.#backendToken, 'wait=5')
    this.accepted.push(decodeURIComponent(headers.get('event-id') ?? ''))
    assert.deepEqual([headers.get('connected'), headers.get('acknowledged')], ['2', '2'], 'receipts')
  }

  /** @throws where the answer is not a success */
  async #ask(line: string, body?: object, token = this.#backendToken, prefer?: string): Promise<Headers> {
    const [method = '', path = ''] = line.split(' ')
    const response = await fetch(`${this.#scene.server.url}/rtc-api/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(prefer === undefined ? {} : { prefer }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    const text = await response.text()
    assert.ok(response.ok, `${line}: ${response.status} ${text}`)
    return response.headers
  }

  /** Begins `work` at a steady pace, whether the last one is over or not, until the victim stops. */
  async #every(periodMs: number, figures: Figures, work: () => Promise<unknown>): Promise<void> {
    const under: Promise<unknown>[] = []
    while (!this.#stop.signal.aborted) {
      under.push(figures.time(work))
      await rest(periodMs, this.#stop.signal)
    }
    await Promise.all(under)
  }
}

function rest(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    function done(): void {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}

/** A client whose link is gone never hears of its PUBLISH again. */
async function inTime(work: Promise<unknown> | undefined): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MS)
  const late = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`no answer within ${PATIENCE_MS} ms`)))
  })
  await Promise.race([work, late])
}
