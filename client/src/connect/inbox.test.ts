import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import type { SdkError } from '../sdk-error.ts'
import { type Delivery, type EventHandler, Inbox, type InboxOptions } from './inbox.ts'

/** An inbox on a clock that stands, and what it did. */
function openInbox(onEvent: EventHandler, overrides: Partial<InboxOptions> = {}) {
  const clock = createFakeClock()
  const acked: string[] = []
  const errors: SdkError[] = []
  const life = new AbortController()
  let jams = 0
  const inbox = new Inbox({
    onEvent,
    onError: (error) => void errors.push(error),
    intercept: () => false,
    onJam: () => void jams++,
    handlerTimeoutMs: 1_000,
    handlerAttemptsMax: 3,
    rememberedEventsMax: 64,
    queuedEventsMax: 2,
    clock,
    random: { fraction: () => 0.5, uuid: () => 'u' },
    signal: life.signal,
    ...overrides,
  })
  const push = (id: string, qos: 0 | 1 = 1, link = ''): void => {
    const text = JSON.stringify({ id, type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' })
    inbox.push(delivery(text, qos, () => void acked.push(id + link)))
  }
  return { inbox, push, acked, errors, clock, life, jams: () => jams }
}

function delivery(text: string, qos: 0 | 1, ack: () => void): Delivery {
  return { payload: new TextEncoder().encode(text), qos, ack }
}

describe('the inbox', () => {
  it('hands events out one at a time, and acknowledges each after its handler', async () => {
    const log: string[] = []
    const { push, acked, clock } = openInbox(async ({ id }) => {
      log.push(`begin ${id}`)
      await clock.sleep(100)
      log.push(`end ${id}`)
    })
    push('a')
    push('b')
    await clock.advance(100)
    assert.deepEqual([log, acked], [['begin a', 'end a', 'begin b'], ['a']])
    await clock.advance(100)
    assert.deepEqual(acked, ['a', 'b'])
    assert.equal(clock.pending(), 0)
  })

  it('acknowledges what it had before, without calling the handler', async () => {
    const calls: string[] = []
    const { push, acked, clock } = openInbox(({ id }) => void calls.push(id))
    push('a')
    await clock.advance(0)
    push('a', 1, ' again')
    assert.deepEqual([calls, acked], [['a'], ['a', 'a again']])
  })

  it('acknowledges over the newest connection', async () => {
    const { push, acked, clock } = openInbox(() => clock.sleep(100))
    push('a', 1, ' old')
    push('a', 1, ' new')
    await clock.advance(100)
    assert.deepEqual(acked, ['a new'])
  })

  it('forgets the oldest ids beyond its bound', async () => {
    const calls: string[] = []
    const { push, clock } = openInbox(({ id }) => void calls.push(id), { rememberedEventsMax: 2 })
    for (const id of ['a', 'b', 'c', 'b', 'a']) {
      push(id)
      await clock.advance(0)
    }
    assert.deepEqual(calls, ['a', 'b', 'c', 'a'])
  })

  it('calls a handler that throws again, then leaves the event and goes on', async () => {
    const attempts: string[] = []
    const { push, acked, errors, clock } = openInbox(({ id }, { attempt }) => {
      attempts.push(`${id}${attempt}`)
      if (id === 'bad') throw new Error('no')
    })
    push('bad')
    push('good')
    await clock.advance(10_000)
    assert.deepEqual(attempts, ['bad1', 'bad2', 'bad3', 'good1'])
    assert.deepEqual(acked, ['good'])
    assert.deepEqual(
      errors.map(({ code, message }) => [code, message]),
      Array(3).fill(['handler_failed', 'The event handler failed: no']),
    )
    push('bad')
    await clock.advance(0)
    assert.equal(attempts.at(-1), 'bad1', 'it comes again on the next connection')
  })

  it('does not wait for a handler for ever, and takes a late success', async () => {
    let finish = (): void => undefined
    let isAborted = false
    const { push, acked, errors, clock } = openInbox(async ({ id }, { signal }) => {
      if (id !== 'slow') return
      signal.addEventListener('abort', () => {
        isAborted = true
      })
      await new Promise<void>((resolve) => {
        finish = resolve
      })
    })
    push('slow')
    push('next')
    await clock.advance(1_000)
    assert.deepEqual(
      [acked, isAborted, errors.map(({ code }) => code)],
      [['next'], true, ['handler_timeout']],
    )
    finish()
    await clock.advance(0)
    assert.deepEqual(acked, ['next', 'slow'])
  })

  it('asks for a new connection before what was left fills the old one', async () => {
    const { push, inbox, clock, jams } = openInbox(() => Promise.reject(new Error('no')), {
      handlerAttemptsMax: 1,
    })
    for (let count = 1; count <= 31; count++) push(`a${count}`)
    await clock.advance(0)
    assert.equal(jams(), 0)
    push('a32')
    await clock.advance(0)
    assert.equal(jams(), 1)
    inbox.begin()
    push('a33')
    await clock.advance(0)
    assert.equal(jams(), 1)
  })

  it('drops QoS 0 that would wait without bound, never QoS 1', async () => {
    const { push, acked, errors, clock } = openInbox(() => clock.sleep(10))
    for (const id of ['a', 'b', 'c']) push(id, 0)
    for (const id of ['d', 'e']) push(id, 1)
    await clock.advance(1_000)
    assert.deepEqual(
      errors.map(({ code, eventId }) => [code, eventId]),
      [['queue_full', 'c']],
    )
    assert.deepEqual(acked, ['a', 'b', 'd', 'e'])
  })

  for (const text of ['', '{', '[]', '{"id":1,"type":"A","timestamp":"t"}', '{"id":"a"}', '\ud800'])
    it(`takes ${JSON.stringify(text)} for no event, says so, and gets rid of it`, () => {
      let isAcked = false
      const { inbox, errors } = openInbox(() => assert.fail())
      inbox.push(
        delivery(text, 1, () => {
          isAcked = true
        }),
      )
      assert.deepEqual([errors.map(({ code }) => code), isAcked], [['bad_event'], true])
    })

  it('stops when its life ends', async () => {
    const calls: string[] = []
    const { push, acked, life, clock } = openInbox(async ({ id }) => {
      calls.push(id)
      await clock.sleep(100)
    })
    push('a')
    push('b')
    life.abort()
    await clock.advance(1_000)
    assert.deepEqual([calls, acked], [['a'], ['a']])
  })
})
