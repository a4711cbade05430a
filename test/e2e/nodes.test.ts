import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient, type Token } from '@rollcall/client/client'
import type { UserEndpointInSight } from '@rollcall/protocol/command'
import type { NodeList } from '@rollcall/protocol/nodes'
import type { Statistics } from '@rollcall/protocol/statistics'
import { backend, offer, signIn, tokenOf } from '../helpers/demo.ts'
import { openStream } from '../helpers/event-stream.ts'
import { Nodes } from '../helpers/nodes.ts'
import { connectPhone, type Phone } from '../helpers/phone.ts'
import { NO_REDIS } from '../helpers/redis-server.ts'
import { eventually } from '../helpers/run-server.ts'

/** Two processes on one Redis: what is said to one concerns who is at the other. */
describe('two nodes on one Redis', { skip: NO_REDIS ?? false }, () => {
  let nodes: Nodes
  let bob: Token
  before(async () => {
    nodes = await Nodes.start(2)
    bob = await signIn(nodes.at(0).url, 'bob')
  })
  after(() => nodes?.close())

  async function register(at: number, userEndpointId: string, keepAliveSeconds = 600): Promise<void> {
    const client = createClient({ url: nodes.at(at).url, token: bob.accessToken })
    await client.register({ userEndpointId, keepAliveSeconds })
  }

  async function connect(at: number, userEndpointId: string): Promise<Phone> {
    const phone = await connectPhone(nodes.at(at).url, 'bob', bob.accessToken, { protocolVersion: 5 })
    await phone.subscribe(`users/endpoints/${userEndpointId}`)
    return phone
  }

  async function metric(at: number, name: string): Promise<number> {
    const text = await (await fetch(`${nodes.at(at).url}/metrics`)).text()
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  }

  /** What an answer to the backend of acme says. */
  async function get<Answer>(at: number, path: string): Promise<Answer> {
    const { url } = nodes.at(at)
    const authorization = `Bearer ${await tokenOf(url, 'acme-backend')}`
    const answer = await fetch(`${url}${path}`, { headers: { authorization } })
    assert.equal(answer.status, 200)
    return (await answer.json()) as Answer
  }

  /** Each thing that happened, with the name of whom it happened to. */
  async function happened(at: number): Promise<readonly string[]> {
    const { happened } = await get<NodeList>(at, '/rtc-api/nodes')
    return happened.map(({ kind, node = '' }) => `${kind} ${node.split('/')[0]}`)
  }

  /** What the audit log has of processes, oldest first, with their names. */
  async function recorded(at: number): Promise<readonly string[]> {
    const { url } = nodes.at(at)
    const lines: { readonly at: string; readonly action: string; readonly node: string }[] = []
    for (const action of ['node_came', 'node_left', 'node_gone']) {
      const path = `/rtc-api/audit?limit=100&action=${action}`
      const authorization = `Bearer ${await tokenOf(url, 'platform-service')}`
      const answer = await fetch(`${url}${path}`, { headers: { authorization } })
      assert.equal(answer.status, 200)
      lines.push(...((await answer.json()) as { readonly lines: typeof lines }).lines)
    }
    lines.sort((one, other) => one.at.localeCompare(other.at))
    return lines.map(({ action, node }) => `${action} ${node.split('/')[0]}`)
  }

  it('count each other, and each takes what the other has signed', async () => {
    for (const at of [0, 1])
      await eventually(async () => (await metric(at, 'rollcall_cluster_nodes')) === 2, 'both are there')
    await register(1, 'phone')
    assert.match(nodes.at(0).output(), /a node is there/)
    await eventually(async () => (await recorded(0)).length === 2, 'both are written down')
    assert.deepEqual([...(await recorded(1))].sort(), ['node_came a', 'node_came b'])
  })

  it('bring what is sent at one to a link at the other, in order, at both QoS', async () => {
    await register(0, 'phone')
    const phone = await connect(1, 'phone')
    const acme = await backend(nodes.at(0).url, 'acme-backend')
    for (let n = 0; n < 20; n++)
      assert.equal((await acme.sendEvent(offer('bob', { userEndpointId: 'phone', qos: 1 }, { n }))).count, 1)
    await acme.sendEvent(offer('bob', { userEndpointId: 'phone', qos: 0 }, { n: 'at once' }))
    await eventually(() => phone.received.length === 21, 'the events arrive', 2_000)
    const got = phone.received.map(({ event }) => event['n'])
    assert.deepEqual(got.filter(Number.isInteger), [...Array(20).keys()])
    await phone.end()
  })

  it('leave one link to an endpoint, wherever its device comes', async () => {
    await register(0, 'wanderer')
    const first = await connect(0, 'wanderer')
    const isClosed = new Promise<void>((resolve) => void first.client.once('close', resolve))
    const second = await connect(1, 'wanderer')
    await isClosed
    const acme = await backend(nodes.at(0).url, 'acme-backend')
    await acme.sendEvent(offer('bob', { userEndpointId: 'wanderer', qos: 1 }))
    await eventually(() => second.received.length === 1, 'the event arrives')
    await second.end()
  })

  it('tell whoever waits at one of what is acknowledged at the other', async () => {
    await register(1, 'reader')
    const phone = await connect(1, 'reader')
    const token = await tokenOf(nodes.at(0).url, 'acme-backend')
    const since = performance.now()
    const { status } = await fetch(`${nodes.at(0).url}/rtc-api/users/endpoints/sendEvent`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', prefer: 'wait=5' },
      body: JSON.stringify(offer('bob', { userEndpointId: 'reader', qos: 1 })),
    })
    assert.equal(status, 200)
    assert.ok(performance.now() - since < 4_000, 'it did not wait for the time to be over')
    await phone.end()
  })

  it('keep one connection of an MQTT client id [MQTT-3.1.4-3]', async () => {
    const options = { protocolVersion: 5, clientId: 'one-of-its-name' } as const
    const first = await connectPhone(nodes.at(0).url, 'bob', bob.accessToken, options)
    const reason = new Promise((resolve) =>
      first.client.once('disconnect', ({ reasonCode }) => resolve(reasonCode)),
    )
    const second = await connectPhone(nodes.at(1).url, 'bob', bob.accessToken, options)
    assert.equal(await reason, 0x8e, 'session taken over')
    assert.equal(second.client.connected, true)
    await second.end()
  })

  it('take at one the acknowledgement of what came over a stream of the other', async () => {
    await register(0, 'streamer')
    const stream = await openStream(nodes.at(0).url, { token: bob.accessToken, userEndpointId: 'streamer' })
    const acme = await backend(nodes.at(1).url, 'acme-backend')
    await acme.sendEvent(offer('bob', { userEndpointId: 'streamer', qos: 1 }))
    const id = await stream.until(({ messages }) => messages.find((message) => message.id !== undefined)?.id)
    const acknowledge = async () => {
      const answer = await fetch(`${nodes.at(1).url}/rtc-api/users/endpoints/streamer/events/acknowledge`, {
        method: 'POST',
        headers: { authorization: `Bearer ${bob.accessToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ids: [id] }),
      })
      return answer.json()
    }
    assert.deepEqual(await acknowledge(), { acknowledged: 1 })
    assert.deepEqual(await acknowledge(), { acknowledged: 0 })
    stream.destroy()
  })

  it('add up what each has counted', async () => {
    const phones = [await connect(0, 'phone'), await connect(1, 'reader')]
    const statistics = async (at: number): Promise<Statistics> => {
      const { url } = nodes.at(at)
      const authorization = `Bearer ${await tokenOf(url, 'acme-backend')}`
      const answer = await fetch(`${url}/rtc-api/statistics`, { headers: { authorization } })
      return (await answer.json()) as Statistics
    }
    const [one, other] = [await statistics(0), await statistics(1)]
    assert.deepEqual(
      [one.nodes, other.nodes],
      [
        { answered: 2, silent: [] },
        { answered: 2, silent: [] },
      ],
    )
    assert.deepEqual([one.connected, other.connected], [2, 2])
    assert.ok(one.qos1.events >= 23 && one.qos1.events === other.qos1.events, `${one.qos1.events} events`)
    await Promise.all(phones.map((phone) => phone.end()))
  })

  it('say which of them has which link, and how Redis is doing', async () => {
    const phones = [await connect(0, 'phone'), await connect(1, 'reader')]
    for (const at of [0, 1]) {
      const list = await get<NodeList>(at, '/rtc-api/nodes')
      assert.deepEqual(
        list.nodes.map(({ name, isSelf, state, connected }) => [name, isSelf, state, connected]),
        [
          ['a', at === 0, 'there', 1],
          ['b', at === 1, 'there', 1],
        ],
      )
      assert.equal(list.store.state, 'well')
      assert.deepEqual(list.store.redis?.primaries, [{ isReached: true, partitions: 256, replicas: 0 }])
      const endpoints = await get<readonly UserEndpointInSight[]>(at, '/rtc-api/users/bob/endpoints')
      const nodeOf = (wanted: string) => endpoints.find(({ id }) => id === wanted)?.link?.node
      assert.deepEqual([nodeOf('phone'), nodeOf('reader')], ['a', 'b'])
    }
    await Promise.all(phones.map((phone) => phone.end()))
  })

  it('refuse at the other what was revoked at one', async () => {
    const { accessToken } = await signIn(nodes.at(0).url, 'alice')
    const look = (at: number) =>
      fetch(`${nodes.at(at).url}/rtc-api/users/endpoints`, {
        headers: { authorization: `Bearer ${accessToken}` },
      })
    assert.equal((await look(1)).status, 200)
    const body = new URLSearchParams({ client_id: 'customer', token: accessToken })
    const revoked = await fetch(`${nodes.at(0).url}/security/oauth/revoke`, { method: 'POST', body })
    assert.equal(revoked.status, 200)
    assert.equal((await look(1)).status, 401)
  })

  it('lose nothing while one is drained and comes back', async () => {
    await register(0, 'roamer')
    const acme = await backend(nodes.at(1).url, 'acme-backend')
    let phone = await connect(0, 'roamer')
    const seen = phone.received
    let isOver = false
    const sending = (async () => {
      let n = 0
      for (; !isOver; n++) {
        const { count } = await acme.sendEvent(offer('bob', { userEndpointId: 'roamer', qos: 1 }, { n }))
        assert.equal(count, 1)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      return n
    })()
    await eventually(() => seen.length > 5, 'events arrive')
    const isClosed = new Promise<void>((resolve) => void phone.client.once('close', resolve))
    const stopped = nodes.at(0).terminate()
    await isClosed
    phone = await connect(1, 'roamer')
    assert.equal(await stopped, 0)
    await eventually(
      async () => (await metric(1, 'rollcall_cluster_nodes')) === 1,
      'it is gone at once',
      3_000,
    )
    assert.ok((await happened(1)).includes('node_left a'), 'it left in good order')
    await nodes.startOne(0)
    isOver = true
    const sent = await sending
    await eventually(
      () => new Set([...seen, ...phone.received].map(({ event }) => event['n'])).size === sent,
      'all',
    )
    await phone.end()
  })

  it('bury one that was killed, and say so; and give one name to one process only', async () => {
    await register(1, 'orphan')
    const phone = await connect(0, 'orphan')
    await nodes.at(0).kill()
    await phone.end()
    const acme = await backend(nodes.at(1).url, 'acme-backend')
    const { count } = await acme.sendEvent(offer('bob', { userEndpointId: 'orphan', qos: 1 }))
    assert.equal(count, 1)
    const again = await connect(1, 'orphan')
    await eventually(() => again.received.length === 1, 'it gets at the other node what waits')
    await again.end()
    const taken = /Another process named b is there already.*NODE_NAME/
    await assert.rejects(nodes.startExtra({ NODE_NAME: 'b' }), taken)
    await eventually(() => /a node is gone, and its links/.test(nodes.at(1).output()), 'it is buried', 20_000)
    assert.equal(await metric(1, 'rollcall_cluster_nodes'), 1)
    assert.deepEqual((await happened(1)).slice(0, 2), ['node_gone a', 'node_silent a'])
    await nodes.startOne(0)
    const ofBoth = ['node_came a', 'node_came b']
    const since = ['node_left a', 'node_came a', 'node_gone a', 'node_came a']
    await eventually(async () => (await recorded(1)).length === 6, 'all of it is written down')
    const lines = await recorded(0)
    assert.deepEqual([[...lines.slice(0, 2)].sort(), lines.slice(2)], [ofBoth, since])
  })

  it('bury one that stands still, which closes its links when it goes on', async () => {
    await register(1, 'frozen')
    const phone = await connect(0, 'frozen')
    let isClosed = false
    phone.client.once('close', () => {
      isClosed = true
    })
    nodes.at(0).signal('SIGSTOP')
    await eventually(
      () => /a node is gone.*a node is gone/s.test(nodes.at(1).output()),
      'it is buried',
      15_000,
    )
    nodes.at(0).signal('SIGCONT')
    await eventually(() => isClosed, 'the link is closed')
    assert.match(nodes.at(0).output(), /taken for dead/)
    await eventually(async () => (await metric(1, 'rollcall_cluster_nodes')) === 2, 'it is there again')
    const again = await connect(0, 'frozen')
    const acme = await backend(nodes.at(1).url, 'acme-backend')
    await acme.sendEvent(offer('bob', { userEndpointId: 'frozen', qos: 1 }))
    await eventually(() => again.received.length === 1, 'it serves as before')
    await again.end()
  })

  it('close the links of those whose data was lost, and count it', async () => {
    await register(1, 'forgotten')
    const phone = await connect(0, 'forgotten')
    const isClosed = new Promise<void>((resolve) => void phone.client.once('close', resolve))
    await nodes.redis.flush()
    await isClosed
    await eventually(async () => (await metric(0, 'rollcall_store_data_lost_total')) > 0, 'it is counted')
    assert.match(nodes.at(0).output() + nodes.at(1).output(), /what it held is lost|begun anew by another/)
    await eventually(async () => {
      const client = createClient({ url: nodes.at(1).url, token: bob.accessToken })
      await client.register({ userEndpointId: 'forgotten', keepAliveSeconds: 600 }).catch(() => undefined)
      return (await metric(1, 'rollcall_registrations')) === 1
    }, 'it registers again')
  })
})
