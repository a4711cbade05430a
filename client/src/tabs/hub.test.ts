import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { createFakeRollcall } from '../../../test/helpers/fake-rollcall.ts'
import { openLink } from '../mqtt/link.ts'
import { Hub } from './hub.ts'
import { parseMessage, type TabMessage } from './messages.ts'
import { TabBus } from './tab-bus.ts'

/** The leader's hub over a real link to a server that a test drives, and what it tells the tabs. */
function openHub() {
  const told: TabMessage[] = []
  let hear = (_message: TabMessage): void => undefined
  const bus = new TabBus({
    postMessage: (data) => {
      const message = parseMessage(data)
      if (message !== undefined) told.push(message)
    },
    close: () => undefined,
    addEventListener: (_type, listener) => {
      hear = (data) => listener({ data })
    },
  })
  const server = createFakeRollcall()
  const clock = createFakeClock()
  const life = new AbortController()
  const hub = new Hub({
    bus,
    open: (onPublish, onEnd) =>
      openLink({
        url: 'http://127.0.0.1:1',
        clientId: 'c',
        userName: undefined,
        token: 'T',
        version: 5,
        pingMs: 30_000,
        timeoutMs: 15_000,
        WebSocket: server.WebSocket,
        clock,
        signal: life.signal,
        onPublish,
        onEnd,
      }),
    watch: () => undefined,
  })
  const subscribe = (request: string): void =>
    hear({ kind: 'subscribe', tab: `tab of ${request}`, request, endpoint: `endpoint of ${request}` })
  return { hub, told, server, clock, life, subscribe }
}

function endsOf(told: readonly TabMessage[]) {
  return told.flatMap((message) =>
    message.kind === 'ended' ? [[message.request, message.code, message.isShared]] : [],
  )
}

describe('the tab that holds the connection', () => {
  it('does not have another give up when it gives up itself', async () => {
    for (const how of ['closed', 'aborted'] as const) {
      const { hub, told, server, clock, life, subscribe } = openHub()
      subscribe('a')
      await clock.advance(0)
      assert.deepEqual(told, [{ kind: 'subscribed', request: 'a' }])
      // Nobody answers this one.
      server.last().send = () => undefined
      subscribe('b')
      await clock.advance(0)
      if (how === 'closed') hub.close()
      else life.abort()
      await clock.advance(0)
      assert.deepEqual(
        endsOf(told).filter(([request]) => request === 'b'),
        [['b', 'link_failed', false]],
        how,
      )
    }
  })

  it('says that it does not know whose end it was', async () => {
    const { told, server, clock, subscribe } = openHub()
    subscribe('a')
    subscribe('b')
    await clock.advance(0)
    server.last().receive(0xe0, 2, 0x8e, 0)
    await clock.advance(0)
    assert.deepEqual(endsOf(told), [
      ['a', 'taken_over', true],
      ['b', 'taken_over', true],
    ])
  })
})
