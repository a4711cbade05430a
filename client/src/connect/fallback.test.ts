import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { SdkError } from '../sdk-error.ts'
import type { Carrier, SubscribeRequest, Subscription } from './carrier.ts'
import { createFallbackCarrier } from './fallback.ts'

/** A way for events that a test opens and shuts; `hangs`: nobody ever answers. */
class FakeWay implements Carrier {
  readonly transport: 'websocket' | 'stream'
  readonly attempts: SubscribeRequest[] = []
  readonly open: SubscribeRequest[] = []
  outcome: 'opens' | 'hangs' | Error = 'opens'
  onAttempt: () => void = () => undefined

  constructor(transport: 'websocket' | 'stream') {
    this.transport = transport
  }

  async subscribe(request: SubscribeRequest): Promise<Subscription> {
    this.attempts.push(request)
    this.onAttempt()
    if (this.outcome === 'hangs')
      await new Promise((_resolve, reject) => {
        request.signal.addEventListener('abort', () => reject(new SdkError('aborted')))
      })
    if (this.outcome instanceof Error) throw this.outcome
    this.open.push(request)
    return { close: () => void this.open.splice(this.open.indexOf(request), 1) }
  }

  leave(): void {}
  close(): void {}
}

function scene() {
  const clock = createFakeClock()
  const webSocket = new FakeWay('websocket')
  const stream = new FakeWay('stream')
  let wakeUp = (): void => undefined
  const wake = (run: () => void) => {
    wakeUp = run
    return () => undefined
  }
  const carrier = createFallbackCarrier({ webSocket, stream, clock, wake })
  const ends: SdkError[] = []
  const life = new AbortController()
  const subscribe = () =>
    carrier.subscribe({
      userEndpointId: 'me',
      token: 'T',
      signal: life.signal,
      onDelivery: () => undefined,
      onEnd: (error) => void ends.push(error),
    })
  return { clock, webSocket, stream, carrier, ends, life, subscribe, wakeUp: () => wakeUp() }
}

const FAILED = new SdkError('link_failed')

describe('a fallback', () => {
  it('is none where WebSocket gets through', async () => {
    const { carrier, subscribe, stream, clock } = scene()
    await subscribe()
    await clock.advance(3_600_000)
    assert.equal(carrier.transport, 'websocket')
    assert.equal(stream.attempts.length, 0)
  })

  it('has events come over a stream at once where WebSocket fails, and after 6 s where it hangs', async () => {
    for (const outcome of [FAILED, 'hangs'] as const) {
      const { carrier, subscribe, webSocket, stream, clock } = scene()
      webSocket.outcome = outcome
      const subscribed = subscribe()
      if (outcome === 'hangs') {
        await clock.advance(5_999)
        assert.equal(stream.attempts.length, 0)
        await clock.advance(1)
      }
      await subscribed
      assert.equal(carrier.transport, 'stream')
      assert.deepEqual([webSocket.open.length, stream.open.length], [0, 1])
    }
  })

  it('goes back to WebSocket as soon as that gets through, and nobody was offline', async () => {
    const { carrier, subscribe, webSocket, stream, clock, ends } = scene()
    webSocket.outcome = FAILED
    await subscribe()
    await clock.advance(60_000)
    assert.equal(webSocket.attempts.length, 2, 'looked after a minute')
    webSocket.outcome = 'opens'
    // The server closes the stream when the WebSocket takes the endpoint over, before that is known to be open.
    webSocket.onAttempt = () => stream.open[0]?.onEnd(new SdkError('taken_over'))
    await clock.advance(120_000)
    assert.equal(carrier.transport, 'websocket')
    assert.deepEqual([webSocket.open.length, stream.open.length], [1, 0])
    assert.deepEqual(ends, [])
    await clock.advance(3_600_000)
    assert.equal(webSocket.attempts.length, 3, 'it is not looked any more')
  })

  it('looks less and less often, and when the network comes back', async () => {
    const { subscribe, webSocket, clock, wakeUp } = scene()
    webSocket.outcome = FAILED
    await subscribe()
    await clock.advance(3_600_000)
    const regular = webSocket.attempts.length
    assert.ok(regular >= 8 && regular <= 11, `${regular} attempts in an hour`)
    wakeUp()
    wakeUp()
    await clock.advance(0)
    assert.equal(webSocket.attempts.length, regular + 1)
  })

  it('takes a probe that came to nothing for no take-over', async () => {
    const { subscribe, webSocket, stream, clock, ends } = scene()
    webSocket.outcome = FAILED
    await subscribe()
    webSocket.onAttempt = () => stream.open[0]?.onEnd(new SdkError('taken_over'))
    await clock.advance(60_000)
    assert.deepEqual(
      ends.map(({ code }) => code),
      ['link_failed'],
    )
  })

  it('tells of a stream that somebody else has taken over', async () => {
    const { subscribe, webSocket, stream, ends } = scene()
    webSocket.outcome = FAILED
    await subscribe()
    stream.open[0]?.onEnd(new SdkError('taken_over'))
    assert.deepEqual(
      ends.map(({ code }) => code),
      ['taken_over'],
    )
    assert.equal(stream.open.length, 0)
  })

  it('prefers streams after three WebSockets that fell as soon as they stood', async () => {
    const { carrier, subscribe, webSocket, clock } = scene()
    for (let n = 0; n < 3; n++) {
      await subscribe()
      assert.equal(carrier.transport, 'websocket', `${n}`)
      await clock.advance(2_000)
      webSocket.open.splice(0)[0]?.onEnd(FAILED)
    }
    await subscribe()
    assert.equal(carrier.transport, 'stream')
  })

  it('tries a stream first where that worked last, and WebSocket where streams fail now', async () => {
    const { carrier, subscribe, webSocket, stream } = scene()
    webSocket.outcome = FAILED
    ;(await subscribe()).close()
    ;(await subscribe()).close()
    assert.equal(webSocket.attempts.length, 1)
    webSocket.outcome = 'opens'
    stream.outcome = new RollcallError('not_found')
    await subscribe()
    assert.equal(carrier.transport, 'websocket')
  })

  it('leaves it at what the server says: another way would end likewise', async () => {
    for (const code of ['unauthorized', 'registration_ended', 'link_refused', 'taken_over'] as const) {
      const { subscribe, webSocket, stream } = scene()
      webSocket.outcome = new SdkError(code)
      await assert.rejects(subscribe(), { code })
      assert.equal(stream.attempts.length, 0, code)
    }
  })

  it('tells of WebSocket where a server has no streams, and of the registration where that has ended', async () => {
    const { subscribe, webSocket, stream } = scene()
    webSocket.outcome = FAILED
    stream.outcome = new RollcallError('not_found')
    await assert.rejects(subscribe(), FAILED)
    stream.outcome = new RollcallError('endpoint_unknown')
    await assert.rejects(subscribe(), { code: 'endpoint_unknown' })
  })

  it('leaves nothing behind', async () => {
    const { subscribe, webSocket, stream, clock, life } = scene()
    webSocket.outcome = FAILED
    const subscription = await subscribe()
    subscription.close()
    assert.deepEqual([webSocket.open.length, stream.open.length, clock.pending()], [0, 0, 0])
    webSocket.outcome = 'hangs'
    const hanging = subscribe()
    life.abort()
    await hanging.catch(() => undefined)
    assert.equal(webSocket.open.length, 0)
  })
})
