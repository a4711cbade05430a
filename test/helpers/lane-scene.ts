import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { type HttpFixture, type Overrides, openHttp } from './http-fixture.ts'
import { openRaw, type RawLink } from './raw-link.ts'

/** A front, and raw connections to it. */
export class LaneScene {
  readonly fixture: HttpFixture
  readonly #test: TestContext
  readonly #port: number

  constructor(test: TestContext, fixture: HttpFixture) {
    this.#test = test
    this.fixture = fixture
    this.#port = (fixture.http.server.address() as AddressInfo).port
  }

  connect(): Promise<RawLink> {
    return openRaw(this.#test, this.#port)
  }
}

export async function openLane(test: TestContext, overrides: Overrides = {}): Promise<LaneScene> {
  const fixture = await openHttp(test, overrides)
  await fixture.listen()
  return new LaneScene(test, fixture)
}

/** The same front twice: with the lane, and with the other way alone. */
export async function openBoth(
  test: TestContext,
  overrides: Overrides = {},
): Promise<readonly [LaneScene, LaneScene]> {
  const without = { ...overrides, settings: { ...overrides.settings, fastLane: false } }
  return [await openLane(test, overrides), await openLane(test, without)]
}

const TIMESTAMP = '2011-12-03T10:15:30Z'
export const EVENT = {
  userId: 'bob',
  event: { type: 'CallOfferedEvent', id: 'e-1', timestamp: TIMESTAMP, payload: { text: 'ring' } },
}

/** A request as most clients send it, with any lines of the head put over its own. `''` leaves one out. */
export function requestText(
  path: string,
  body: unknown,
  lines: { readonly [name: string]: string } = {},
): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const all = {
    Host: '127.0.0.1',
    'User-Agent': 'test/1',
    Accept: '*/*',
    Authorization: 'Bearer backend',
    'Content-Type': 'application/json',
    'Content-Length': String(Buffer.byteLength(text)),
    ...lines,
  }
  const given = Object.entries(all).filter(([, value]) => value !== '')
  return `POST /rtc-api${path} HTTP/1.1\r\n${given.map((line) => `${line.join(': ')}\r\n`).join('')}\r\n${text}`
}

export const SEND = requestText('/users/endpoints/sendEvent', EVENT)

/** An answer on a connection that stays open, without what differs from one time to the next. */
export async function readAnswer(link: RawLink): Promise<string> {
  const head = await link.readUntil('\r\n\r\n')
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
  return alike(head + (await link.read(length)).toString('utf8'))
}

/** Without the time and the number of the request. */
export function alike(text: string): string {
  return text.replace(/^Date: .*/gm, 'Date: now').replace(/^x-request-id: (?!mine).*/gm, 'x-request-id: some')
}
