import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, afterEach, before, describe, it } from 'node:test'
import { BroadcastChannel } from 'node:worker_threads'
import {
  type ChannelLike,
  type ConnectOptions,
  connect,
  createBackend,
  type Event,
  type Grant,
  type Registration,
  requestToken,
  type State,
  tokenSource,
} from '@rollcall/client/client'
import WebSocket from 'ws'
import { createFakeLocks } from '../helpers/fake-locks.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const OFFER = { type: 'CallOfferedEvent' }

/** A browser whose tabs share locks, channels and sign-in. */
function openBrowser(url: string) {
  const locks = createFakeLocks()
  // All browsers of this process would hear each other.
  const profile = randomUUID()
  let sockets = 0
  class CountedWebSocket extends WebSocket {
    constructor(address: string, protocol: string) {
      super(address, protocol)
      sockets++
      this.on('close', () => void sockets--)
    }
  }
  const grant = { type: 'password', username: 'alice', password: 'alice-password' } as const
  const getToken = tokenSource({ url, clientId: 'customer', grant })
  const openTab = (userEndpointId: string, overrides: Partial<ConnectOptions> = {}) => {
    const view = locks.open()
    const channels: ChannelLike[] = []
    const events: Event[] = []
    const states: State[] = []
    const registration = connect({
      url,
      getToken,
      userEndpointId,
      shareSocket: true,
      WebSocket: CountedWebSocket,
      locks: view,
      channel: (name) => {
        const channel = toChannel(new BroadcastChannel(`${profile} ${name}`))
        channels.push(channel)
        return channel
      },
      backoffFirstMs: 20,
      backoffMaxMs: 200,
      onEvent: (event) => void events.push(event),
      onError: () => undefined,
      ...overrides,
    })
    registration.onState((state) => void states.push(state))
    /** As a crashed tab goes: no good-bye. Its connection, if it had one, stays until the server ends it. */
    const die = (): void => {
      for (const channel of channels) channel.close()
      view.die()
    }
    return { registration, events, states, die }
  }
  return { openTab, sockets: () => sockets }
}

function toChannel(channel: BroadcastChannel): ChannelLike {
  return {
    postMessage: (message) => channel.postMessage(message),
    close: () => channel.close(),
    addEventListener: (_type, listener) => {
      channel.onmessage = (event: unknown) => {
        if (typeof event === 'object' && event !== null && 'data' in event) listener({ data: event.data })
      }
    },
  }
}

describe('tabs of one user', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  const open: Registration[] = []
  const ring = (userEndpointId?: string) =>
    createBackend({
      url: server.url,
      credentials: { clientId: 'acme-backend', clientSecret: 'acme-secret' },
    }).send(
      { userId: 'alice', qos: 1, event: OFFER, userEndpointId: userEndpointId ?? null },
      { waitSeconds: 10 },
    )
  const openTabs = async (...tabs: readonly { readonly registration: Registration }[]) => {
    for (const { registration } of tabs) {
      open.push(registration)
      await registration.online({ signal: AbortSignal.timeout(10_000) })
    }
  }
  /** Each once the former is there: the first has the connection. */
  const openInTurn = async (browser: ReturnType<typeof openBrowser>, ...ids: readonly string[]) => {
    const tabs: ReturnType<typeof browser.openTab>[] = []
    for (const id of ids) {
      const tab = browser.openTab(id)
      await openTabs(tab)
      tabs.push(tab)
    }
    return tabs
  }

  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path)
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })
  afterEach(async () => {
    await Promise.all(open.splice(0).map((registration) => registration.close()))
  })

  it('share one connection, and each gets its own events', async () => {
    const browser = openBrowser(server.url)
    const [a, b, c] = [browser.openTab('tab-a'), browser.openTab('tab-b'), browser.openTab('tab-c')]
    await openTabs(a, b, c)
    assert.equal(browser.sockets(), 1)
    const all = await ring()
    assert.deepEqual([all.count, all.acknowledged, all.connected], [3, 3, 3])
    assert.equal((await ring('tab-b')).acknowledged, 1)
    assert.deepEqual(
      [a, b, c].map(({ events }) => events.length),
      [1, 2, 1],
    )
  })

  it('go on when one of them closes, and when the one with the connection does', async () => {
    const browser = openBrowser(server.url)
    const [a, b, c] = await openInTurn(browser, 'tab-a', 'tab-b', 'tab-c')
    assert(a !== undefined && b !== undefined && c !== undefined)
    await c.registration.close()
    assert.equal((await ring()).acknowledged, 2)
    assert.deepEqual(
      b.states.map(({ status }) => status),
      ['online'],
      'nobody else noticed',
    )
    await a.registration.close()
    await eventually(() => b.states.length > 1 && b.registration.state.status === 'online', 'b takes over')
    assert.equal(browser.sockets(), 1)
    assert.equal((await ring()).acknowledged, 1)
    assert.equal(b.events.length, 2)
  })

  it('take over from one that dies', async () => {
    const browser = openBrowser(server.url)
    const [a, b] = await openInTurn(browser, 'tab-a', 'tab-b')
    assert(a !== undefined && b !== undefined)
    a.die()
    await eventually(() => b.states.length > 1 && b.registration.state.status === 'online', 'b takes over')
    assert.equal((await ring('tab-b')).acknowledged, 1)
    assert.equal(b.events.length, 1)
  })

  it('do not let one that died with events unacknowledged hold up the others', async () => {
    const browser = openBrowser(server.url)
    const a = browser.openTab('tab-a')
    let isRinging = false
    const b = browser.openTab('tab-b', {
      onEvent: () => {
        isRinging = true
        return new Promise(() => undefined)
      },
    })
    await openTabs(a, b)
    void ring('tab-b').catch(() => undefined)
    await eventually(() => isRinging, 'it has the event')
    b.die()
    await eventually(async () => (await ring('tab-a')).acknowledged === 1, 'a gets its own')
  })

  it('have a connection each where the browser cannot share', async () => {
    const browser = openBrowser(server.url)
    const without = [
      browser.openTab('tab-a', { locks: null }),
      browser.openTab('tab-b', { channel: null }),
      browser.openTab('tab-c', { locks: { request: () => Promise.reject(new Error('SecurityError')) } }),
      browser.openTab('tab-d', {
        channel: () => {
          throw new Error('SecurityError')
        },
      }),
    ]
    await openTabs(...without)
    assert.equal(browser.sockets(), 4)
    assert.equal((await ring()).acknowledged, 4)
  })

  it('give way to whoever takes one of them over, and only that one', async () => {
    const browser = openBrowser(server.url)
    const [a, b] = [browser.openTab('tab-a'), browser.openTab('tab-b')]
    await openTabs(a, b)
    const [c, d] = [openBrowser(server.url).openTab('tab-b'), openBrowser(server.url).openTab('tab-d')]
    await openTabs(c, d)
    await eventually(() => b.registration.state.status === 'closed', 'b gives way')
    assert.equal(b.registration.state.reason, 'taken_over')
    await a.registration.online({ signal: AbortSignal.timeout(10_000) })
    assert.deepEqual(
      c.states.map(({ status }) => status),
      ['online'],
    )
    const all = await ring()
    assert.deepEqual([all.count, all.acknowledged], [3, 3])
  })

  it('with one refresh token in their common storage stay signed in, whose answer ever is lost', async () => {
    const browser = openBrowser(server.url)
    const ask = (grant: Grant) => requestToken({ url: server.url, clientId: 'customer', grant })
    const signedIn = await ask({ type: 'password', username: 'alice', password: 'alice-password' })
    // What a page has in `localStorage`: both tabs find the same token there, and both use it.
    let stored = signedIn.refreshToken ?? ''
    const seen: string[] = []
    const getToken = async () => {
      const token = await ask({ type: 'refresh_token', refreshToken: stored })
      seen.push(token.refreshToken ?? '')
      return token.accessToken
    }
    const [a, b] = ['tab-a', 'tab-b'].map((id) => browser.openTab(id, { getToken, locks: null }))
    assert(a !== undefined && b !== undefined)
    await openTabs(a, b)
    assert.deepEqual([new Set(seen).size, browser.sockets()], [1, 2], 'both used it, for one successor')
    // The answers are lost with the server: the storage still has the token that was used.
    await server.kill()
    await eventually(() => [a, b].every(({ states }) => states.length > 1), 'both have noticed')
    server = await startProcess(data.path, { PORT: String(server.port) })
    await openTabs(a, b)
    assert.equal(new Set(seen).size, 1, 'and the same successor again')
    stored = seen[0] ?? ''
    const next = await ask({ type: 'refresh_token', refreshToken: stored })
    const older = { type: 'refresh_token', refreshToken: signedIn.refreshToken ?? '' } as const
    await assert.rejects(ask(older), { code: 'invalid_grant' })
    await assert.rejects(ask({ type: 'refresh_token', refreshToken: next.refreshToken ?? '' }))
    stored = 'over'
    await eventually(
      () => [a, b].every(({ registration }) => registration.state.status !== 'online'),
      'theft',
    )
  })

  it('come back together after the server was gone', async () => {
    const browser = openBrowser(server.url)
    const [a, b] = [browser.openTab('tab-a'), browser.openTab('tab-b')]
    await openTabs(a, b)
    await server.kill()
    await eventually(() => [a, b].every(({ states }) => states.length > 1), 'both have noticed')
    server = await startProcess(data.path, { PORT: String(server.port) })
    await eventually(
      () => [a, b].every(({ registration }) => registration.state.status === 'online'),
      'both are back',
    )
    assert.equal(browser.sockets(), 1)
    assert.equal((await ring()).acknowledged, 2)
  })
})
