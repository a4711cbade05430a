import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { ask, post } from '../../../../test/helpers/ask.ts'
import {
  eventsOf,
  type OpenStream,
  openStream,
  type StreamReader,
} from '../../../../test/helpers/event-stream.ts'
import { type HttpFixture, type Overrides, openHttp } from '../../../../test/helpers/http-fixture.ts'
import { noLimits } from '../../../../test/helpers/no-limits.ts'
import { readVectors } from '../../../../test/helpers/vectors.ts'
import type { Link, Taken } from '../../delivery/delivery.ts'
import { messageFrame } from './frames.ts'

const ENDPOINTS = '/rtc-api/users/endpoints'
const PHONE = { token: 'alice', userEndpointId: 'phone' }

type Scene = HttpFixture & {
  readonly url: string
  open(wanted?: Partial<OpenStream>): Promise<StreamReader>
  /** The link that delivery has of an endpoint. */
  link(userEndpointId?: string): Link
  send(text: string, sequence?: number): Promise<string | undefined> | Taken
}

async function scene(test: TestContext, overrides: Overrides = {}): Promise<Scene> {
  const fixture = await openHttp(test, overrides)
  const url = await fixture.listen()
  await post(url, ENDPOINTS, { userEndpointId: 'phone', keepAliveSeconds: 3_600 })
  const link = (userEndpointId = 'phone'): Link => {
    const found = fixture.delivery.attached.get(userEndpointId)
    assert(found, `${userEndpointId} has a link`)
    return found
  }
  return {
    ...fixture,
    url,
    link,
    open: (wanted) => openStream(url, { ...PHONE, ...wanted }),
    send(text, sequence) {
      const payload = Buffer.from(text)
      if (sequence === undefined) return link().send({ payload, qos: 0 })
      return new Promise((resolve) => {
        const acknowledged = (how?: 'discarded') => resolve(how ?? 'acknowledged')
        if (!link().send({ payload, qos: 1, sequence, acknowledged })) resolve('refused')
      })
    },
  }
}

const closedReason = (reader: StreamReader): Promise<string> =>
  reader.until(({ messages }) => {
    const closed = messages.find(({ name }) => name === 'closed')
    return closed && String(JSON.parse(closed.data).reason)
  })

describe('an event stream', () => {
  it('of an endpoint that expired between the look and the link says so, and never that it is subscribed', async (test) => {
    const { open, delivery } = await scene(test)
    delivery.onAttach = async () => false
    const reader = await open()
    assert.equal(await closedReason(reader), 'endpoint_expired')
    delivery.onAttach = () => Promise.reject(new RollcallError('unavailable'))
    assert.equal(await closedReason(await open()), 'connection_lost')
    assert.deepEqual(
      delivery.told.filter((what) => what === 'start'),
      [],
    )
  })

  it('says first that it is subscribed, and nothing on the way may keep or change it', async (test) => {
    const { open, delivery } = await scene(test)
    const reader = await open()
    const first = await reader.until(({ messages }) => messages[0])
    assert.equal(reader.status, 200)
    assert.deepEqual(first, { name: 'subscribed', id: undefined, data: '{"userEndpointId":"phone"}' })
    assert.equal(reader.headers['content-type'], 'text/event-stream')
    assert.equal(reader.headers['cache-control'], 'no-store, no-transform')
    assert.equal(reader.headers['x-accel-buffering'], 'no')
    assert.equal(reader.headers['x-content-type-options'], 'nosniff')
    assert.deepEqual(delivery.told, ['start'])
    reader.destroy()
  })

  it('brings QoS 1 with an id and QoS 0 without, and ends with an acknowledgement what has one', async (test) => {
    const { open, send, url } = await scene(test)
    const reader = await open()
    await reader.until(({ messages }) => messages[0])
    const acknowledged = send('{"n":1}', 7)
    assert.equal(send('{"n":2}'), true)
    const [first, second] = await reader.until((read) => eventsOf(read).length === 2 && eventsOf(read))
    assert.deepEqual([first?.data, second?.data, second?.id], ['{"n":1}', '{"n":2}', undefined])
    const path = `${ENDPOINTS}/phone/events/acknowledge`
    const answer = await post(url, path, { ids: [first?.id, 'never-sent', first?.id] })
    assert.deepEqual([answer.status, answer.text], [200, '{"acknowledged":1}'])
    assert.equal(await acknowledged, 'acknowledged')
    assert.equal((await post(url, path, { ids: [first?.id] })).text, '{"acknowledged":0}', 'once')
    reader.destroy()
  })

  it('sends nothing again that Last-Event-ID names, and still waits for its acknowledgement', async (test) => {
    const { open, send, url, clock } = await scene(test)
    const before = await open()
    await before.until(({ messages }) => messages[0])
    void send('{"n":1}', 1)
    void send('{"n":2}', 2)
    const [, second] = await before.until((read) => eventsOf(read).length === 2 && eventsOf(read))
    before.destroy()
    const reader = await open({ headers: { 'last-event-id': second?.id ?? '' } })
    await reader.until(({ messages }) => messages[0])
    const acknowledged = send('{"n":2}', 2)
    void send('{"n":3}', 3)
    const [third] = await reader.until((read) => eventsOf(read).length === 1 && eventsOf(read))
    assert.equal(third?.data, '{"n":3}')
    const answer = await post(url, `${ENDPOINTS}/phone/events/acknowledge`, { ids: [second?.id] })
    assert.equal(answer.text, '{"acknowledged":1}')
    assert.equal(await acknowledged, 'acknowledged')
    await clock.advance(0)
    reader.destroy()
  })

  it('sends everything where Last-Event-ID is of another registration, or made up', async (test) => {
    for (const id of ['zz-9', 'x', '1', '1-', `1-${'z'.repeat(11)}z`, '1-1-1', '%00', '-1']) {
      const { open, send } = await scene(test)
      const reader = await open({ headers: { 'last-event-id': id } })
      await reader.until(({ messages }) => messages[0])
      void send('{"n":1}', 1)
      const [first] = await reader.until((read) => eventsOf(read).length === 1 && eventsOf(read))
      assert.equal(first?.data, '{"n":1}', id)
      reader.destroy()
    }
  })

  it('is told why it ends: taken over, unregistered, revoked', async (test) => {
    const { open, link, revocations, http, delivery } = await scene(test)
    const older = await open()
    await older.until(({ messages }) => messages[0])
    const newer = await open()
    assert.equal(await closedReason(older), 'taken_over')
    await older.until(({ hasEnded }) => hasEnded)
    await newer.until(({ messages }) => messages[0])
    link().close('endpoint_unregistered')
    assert.equal(await closedReason(newer), 'endpoint_unregistered')
    const third = await open()
    await third.until(({ messages }) => messages[0])
    revocations.revoked.add('alice')
    await http.streams.review(() => true)
    assert.equal(await closedReason(third), 'authorization_ended')
    assert.deepEqual(
      delivery.told.filter((what) => what !== 'start'),
      ['detach taken_over', 'detach endpoint_unregistered', 'detach authorization_ended'],
    )
  })

  it('keeps its silence short, and goes when its token does unless the registration was renewed', async (test) => {
    const { open, clock, url } = await scene(test)
    const reader = await open()
    await reader.until(({ messages }) => messages[0])
    await clock.advance(15_000)
    await reader.until(({ comments }) => comments.length > 0)
    await clock.advance(1_800_000)
    // The fake's registration is as authorized as the newest token that registered it: an hour from now.
    await post(url, ENDPOINTS, { userEndpointId: 'other', keepAliveSeconds: 5 })
    assert.equal(reader.hasEnded, false)
    await clock.advance(1_800_000)
    assert.equal(await closedReason(reader), 'authorization_ended')
  })

  it('takes no more than 64 unacknowledged, and lets go of whoever acknowledges none of them', async (test) => {
    const { open, send, clock, url, delivery, link, logged, closedLinks } = await scene(test)
    const reader = await open()
    await reader.until(({ messages }) => messages[0])
    for (let n = 1; n <= 64; n++) void send('{}', n)
    assert.equal(link().hasRoom(), false)
    assert.equal(await send('{}', 65), 'refused')
    const [first] = await reader.until((read) => eventsOf(read).length === 64 && eventsOf(read))
    await post(url, `${ENDPOINTS}/phone/events/acknowledge`, { ids: [first?.id] })
    assert.ok(delivery.told.includes('resume'), 'there is room again')
    void send('{}', 66)
    for (let at = 0; at < 6; at++) await clock.advance(15_000)
    assert.equal(await closedReason(reader), 'unacknowledged')
    assert.deepEqual(closedLinks, ['unacknowledged'], 'counted')
    const told = logged.filter((line) => line.includes('acknowledges none')).map((line) => JSON.parse(line))
    const [{ organizationId, userId, inFlightMax }] = told
    assert.deepEqual([told.length, organizationId, userId, inFlightMax], [1, 'acme', 'alice', 64])
  })

  it('holds nothing of a reader that takes nothing, and lets it go', async (test) => {
    const { open, send, clock, closedLinks } = await scene(test)
    const reader = await open()
    await reader.until(({ messages }) => messages[0])
    reader.pause()
    const large = JSON.stringify({ filling: 'x'.repeat(60_000) })
    // The system takes some megabytes before it takes nothing any more.
    let refusedInARow = 0
    for (let n = 0; n < 2_000 && refusedInARow < 20; n++) {
      refusedInARow = send(large) === true ? 0 : refusedInARow + 1
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.equal(refusedInARow, 20, 'refused at last')
    assert.equal(await send('{}', 1), 'refused')
    for (let at = 0; at < 5; at++) await clock.advance(15_000)
    assert.deepEqual(closedLinks, ['socket_stuck'])
  })

  it('has a place of its user’s share, and gives it back', async (test) => {
    const { open, delivery } = await scene(test, { limits: noLimits({ linksMax: 1 }) })
    const reader = await open()
    await reader.until(({ messages }) => messages[0])
    const refused = await open()
    assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '5'])
    assert.equal(delivery.attached.size, 1, 'the one there is stays')
    reader.destroy()
    while (delivery.attached.size > 0) await new Promise((resolve) => setImmediate(resolve))
    const next = await open()
    assert.equal(next.status, 200)
    next.destroy()
  })

  it('of two that take an endpoint over from each other without end, one keeps it', async (test) => {
    const { open } = await scene(test)
    const readers: StreamReader[] = []
    for (let n = 0; n < 11; n++) readers.push(await open())
    const loser = await open()
    assert.deepEqual([loser.status, loser.headers['retry-after']], [429, '10'])
    const text = await loser.until((read) => read.hasEnded && read.text)
    assert.equal(JSON.parse(text).error, 'rate_limited')
    assert.equal(readers.at(-1)?.hasEnded, false)
    for (const reader of readers) reader.destroy()
  })

  it('ends when the server stops, says so, and opens no more', async (test) => {
    const { open, http, clock } = await scene(test)
    const reader = await open()
    await reader.until(({ messages }) => messages[0])
    const drained = http.streams.drain(0)
    await clock.advance(1_000)
    await drained
    assert.equal(await closedReason(reader), 'server_draining')
    assert.equal((await open()).status, 503)
  })
})

describe('who may not', () => {
  const cases: readonly (readonly [string, Partial<OpenStream>, number, string])[] = [
    ['another user of the organization', { token: 'bob' }, 400, 'endpoint_unknown'],
    ['role SERVICE, which has no endpoints', { token: 'service' }, 400, 'no_organization'],
    ['nobody', { token: 'nobody' }, 401, 'unauthorized'],
    ['an endpoint that there is not', { userEndpointId: 'tablet' }, 400, 'endpoint_unknown'],
    ['markup', { userEndpointId: '<script>' }, 400, 'endpoint_unknown'],
    ['no id at all', { userEndpointId: 'a+b#c' }, 400, 'endpoint_unknown'],
    ['a very long id', { userEndpointId: 'x'.repeat(4_000) }, 400, 'endpoint_unknown'],
  ]
  for (const [who, wanted, status, error] of cases)
    it(who, async (test) => {
      const { open, delivery } = await scene(test)
      const reader = await open(wanted)
      const text = await reader.until((read) => read.hasEnded && read.text)
      assert.deepEqual([reader.status, JSON.parse(text).error], [status, error])
      assert.equal(delivery.attached.size, 0)
    })

  it('HEAD opens none', async (test) => {
    const { url, delivery } = await scene(test)
    const answer = await ask(url, `HEAD ${ENDPOINTS}/phone/events`)
    assert.equal(answer.status, 405)
    assert.equal(delivery.attached.size, 0)
  })

  it('acknowledges for others, or in ways that are none', async (test) => {
    const { url, delivery } = await scene(test)
    const path = `${ENDPOINTS}/phone/events/acknowledge`
    for (const ids of [undefined, null, [], 'x', [1], [null], ['x'.repeat(129)], Array(201).fill('x'), {}])
      assert.equal((await post(url, path, { ids })).status, 400, JSON.stringify(ids)?.slice(0, 30))
    assert.equal((await post(url, path, [])).status, 400)
    const other = await post(url, path, { ids: ['1-1'] }, { authorization: 'Bearer bob' })
    assert.deepEqual([other.status, JSON.parse(other.text).error], [400, 'endpoint_unknown'])
    assert.equal(delivery.acknowledged.length, 0)
  })
})

describe('an event on a stream is as in the vectors', () => {
  type Vector = { readonly event?: string; readonly id: string | null; readonly bytes: string }
  for (const { name, why, event, id, bytes } of readVectors<Vector>('event-stream').vectors)
    if (event !== undefined)
      it(name, () => assert.equal(messageFrame(Buffer.from(event), id ?? undefined).toString(), bytes, why))
})
