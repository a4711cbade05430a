import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { readVectors, textOf } from '../../../test/helpers/vectors.ts'
import type { Delivery } from '../connect/inbox.ts'
import type { SdkError } from '../sdk-error.ts'
import { createMessageReader } from './read-messages.ts'
import { createStreamCarrier } from './stream.ts'

type Vector = { readonly bytes: string; readonly messages: readonly object[] }

describe('a stream is read as in the vectors', () => {
  for (const { name, why, bytes, messages } of readVectors<Vector>('event-stream').vectors)
    it(name, () => {
      const all = Buffer.from(textOf(bytes))
      const wanted = messages.map((message) => ({ id: undefined, ...message }))
      assert.deepEqual(createMessageReader()(all), wanted, why)
      // However the bytes are cut.
      const read = createMessageReader()
      assert.deepEqual(
        [...all].flatMap((byte) => read(Uint8Array.of(byte))),
        wanted,
        `${why} Byte by byte.`,
      )
    })

  it('refuses a message that never ends', () => {
    const read = createMessageReader()
    const chunk = Buffer.from(`data: ${'x'.repeat(60_000)}`)
    assert.throws(
      () => {
        for (let n = 0; n < 100; n++) read(chunk)
      },
      { code: 'protocol_error' },
    )
    const lines = createMessageReader()
    assert.throws(
      () => {
        for (let n = 0; n < 100; n++) lines(Buffer.from(`data: ${'x'.repeat(60_000)}\n`))
      },
      { code: 'protocol_error' },
    )
  })
})

async function scene() {
  const clock = createFakeClock()
  const deliveries: Delivery[] = []
  const ends: SdkError[] = []
  const posts: unknown[] = []
  const life = new AbortController()
  let body: ReadableStreamDefaultController<Uint8Array> | undefined
  let acknowledge: () => Response | Promise<Response> = () => Response.json({ acknowledged: 1 })
  const start = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    body = controller
  }
  let answer = (): Response =>
    new Response(new ReadableStream({ start }), {
      headers: { 'content-type': 'text/event-stream' },
    })
  const carrier = createStreamCarrier({
    url: 'http://127.0.0.1:1',
    clock,
    random: { fraction: () => 0.5, uuid: () => 'u' },
    timeoutMs: 15_000,
    pingMs: 30_000,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      if (request.method === 'GET') return answer()
      posts.push([new URL(request.url).pathname, await request.json()])
      return acknowledge()
    },
  })
  const subscribing = () =>
    carrier.subscribe({
      userEndpointId: 'a b',
      token: 'T',
      signal: life.signal,
      onDelivery: (delivery) => void deliveries.push(delivery),
      onEnd: (error) => void ends.push(error),
    })
  return {
    ...{ clock, deliveries, ends, posts, life, subscribing },
    say: async (text: string) => {
      body?.enqueue(Buffer.from(text))
      await clock.advance(0)
    },
    end: () => body?.close(),
    answerWith(how: typeof answer) {
      answer = how
    },
    acknowledgeWith(how: typeof acknowledge) {
      acknowledge = how
    },
    async subscribed() {
      const subscription = subscribing()
      await clock.advance(0)
      await this.say('retry: 2000\n\nevent: subscribed\ndata: {}\n\n')
      return subscription
    },
  }
}

describe('events over a stream', () => {
  it('are acknowledged together, those of QoS 0 not at all', async () => {
    const one = await scene()
    const { deliveries, posts, clock } = one
    await one.subscribed()
    await one.say('id: 1-1\ndata: {"n":1}\n\ndata: {"n":2}\n\nid: 1-3\ndata: {"n":3}\n\n')
    assert.deepEqual(
      deliveries.map(({ payload, qos }) => [Buffer.from(payload).toString(), qos]),
      [
        ['{"n":1}', 1],
        ['{"n":2}', 0],
        ['{"n":3}', 1],
      ],
    )
    for (const delivery of deliveries) delivery.ack()
    await clock.advance(0)
    assert.deepEqual(posts, [['/rtc-api/users/endpoints/a%20b/events/acknowledge', { ids: ['1-1', '1-3'] }]])
  })

  it('are acknowledged again where that failed, and come again over another connection where it goes on failing', async () => {
    const one = await scene()
    await one.subscribed()
    one.acknowledgeWith(() => new Response(null, { status: 503 }))
    await one.say('id: 1-1\ndata: {}\n\n')
    one.deliveries[0]?.ack()
    await one.clock.advance(500)
    assert.ok(one.posts.length >= 2)
    await one.clock.advance(20_000)
    assert.deepEqual([one.posts.length, one.ends.map(({ code }) => code)], [5, ['link_failed']])
  })

  it('end as the server says', async () => {
    for (const [reason, code] of [
      ['taken_over', 'taken_over'],
      ['endpoint_expired', 'registration_ended'],
      ['endpoint_unregistered', 'registration_ended'],
      ['authorization_ended', 'unauthorized'],
      ['server_draining', 'link_failed'],
      ['what may come', 'link_failed'],
    ]) {
      const one = await scene()
      await one.subscribed()
      await one.say(`event: closed\ndata: {"reason":"${reason}"}\n\n`)
      assert.deepEqual([one.ends.map((end) => end.code), one.clock.pending()], [[code], 0], reason)
    }
  })

  it('end where the stream does, or falls silent', async () => {
    const one = await scene()
    await one.subscribed()
    one.end()
    await one.clock.advance(0)
    assert.deepEqual(
      one.ends.map(({ code }) => code),
      ['link_failed'],
    )
    const two = await scene()
    await two.subscribed()
    await two.clock.advance(40_000)
    await two.say(': still here\n\n')
    await two.clock.advance(44_000)
    assert.deepEqual(two.ends, [])
    await two.clock.advance(2_000)
    assert.deepEqual(
      two.ends.map(({ code }) => code),
      ['timeout'],
    )
  })

  it('do not come from what is no stream, refuses, or never begins', async () => {
    const one = await scene()
    one.answerWith(() => new Response('<p>Please sign in', { headers: { 'content-type': 'text/html' } }))
    await assert.rejects(one.subscribing(), { code: 'link_failed' })
    one.answerWith(() => Response.json({ error: 'endpoint_unknown' }, { status: 400 }))
    await assert.rejects(one.subscribing(), { code: 'endpoint_unknown' })
    const held = await scene()
    const never = held.subscribing()
    const rejected = assert.rejects(never, { code: 'timeout' })
    await held.clock.advance(15_000)
    await rejected
    assert.equal(held.clock.pending(), 0)
  })
})
