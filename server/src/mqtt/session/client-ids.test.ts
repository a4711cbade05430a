import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { createFakeClock, inTime } from '../../../../test/helpers/fake-clock.ts'
import { connectClient } from '../../../../test/helpers/mqtt-client.ts'
import { type MqttFixture, openMqtt } from '../../../../test/helpers/mqtt-fixture.ts'
import { MemoryNodeTable, SimulatedNetwork } from '../../../../test/helpers/simulated-network.ts'
import { SimulatedNode } from '../../../../test/helpers/simulated-node.ts'
import { createDice } from '../../../../test/sim/dice.ts'
import { TakeOvers } from '../../delivery/delivery.ts'
import { ClientIds } from './client-ids.ts'
import { type Member, Sessions } from './sessions.ts'

const KEY = 'acme/alice/same'
const ALICE = { organizationId: 'acme', userId: 'alice' }

async function openNodes(t: TestContext, names = ['a', 'b', 'c'], offsetsMs: readonly number[] = []) {
  const clock = createFakeClock()
  const network = new SimulatedNetwork(clock, createDice(1))
  const table = new MemoryNodeTable(clock)
  const nodes = names.map((name, at) => {
    const wallOffsetMs = offsetsMs[at] ?? 0
    return new SimulatedNode({ name, clock, network, table, wallOffsetMs })
  })
  for (const { membership } of nodes) await membership.start()
  t.after(() => Promise.all(nodes.map(({ membership }) => membership.close())))
  await clock.advance(600)
  return { clock, network, nodes }
}

/** Processes with connections that are no more than their state. */
async function openProcesses(t: TestContext, offsetsMs: readonly number[] = []) {
  const opened = await openNodes(t, ['a', 'b', 'c'], offsetsMs)
  const processes = opened.nodes.map((node) => {
    const { cluster, clock } = node
    const sessions = new Sessions()
    const lines: string[] = []
    const takeOvers = new TakeOvers(clock, { warn: (line) => void lines.push(line) }, cluster)
    const clientIds = new ClientIds({ cluster, sessions, takeOvers, clock })
    t.after(() => clientIds.close())
    const connect = (key = KEY) => {
      const session = {
        isOpen: true,
        closed: [] as string[],
        client: { key } as Member['client'],
        transport: { destroy: () => undefined },
        fail: () => undefined,
        close(reason: string) {
          if (!session.isOpen) return
          session.isOpen = false
          session.closed.push(reason)
          sessions.ended(session as Member, key, true)
        },
      }
      sessions.opened(session as Member)
      const former = sessions.accepted(session as Member, key)
      former?.close('taken_over')
      if (former !== undefined) takeOvers.note('client id', key, ALICE)
      clientIds.accepted(session as Member, key, ALICE)
      return session
    }
    return { node, sessions, takeOvers, clientIds, lines, connect }
  })
  const [a, b, c] = processes
  assert(a !== undefined && b !== undefined && c !== undefined)
  return { ...opened, a, b, c }
}

describe('a client id at several processes', () => {
  it('belongs to the connection that came last, and the one before is closed', async (t) => {
    const { clock, a, b, c } = await openProcesses(t)
    const first = a.connect()
    await clock.advance(10)
    const second = b.connect()
    await clock.advance(10)
    assert.deepEqual([first.closed, second.closed], [['taken_over'], []])
    const third = c.connect()
    const fourth = c.connect()
    await clock.advance(10)
    assert.deepEqual([second.isOpen, third.isOpen, fourth.isOpen], [false, false, true])
  })

  it('belongs to one of two that come at once, wherever they come', async (t) => {
    const { clock, a, b, c } = await openProcesses(t)
    for (let round = 0; round < 5; round++) {
      const all = [a, b, c].map((process) => process.connect())
      await clock.advance(20)
      assert.equal(all.filter(({ isOpen }) => isOpen).length, 1)
    }
  })

  it('belongs to the last one also where words are lost, late and doubled', async (t) => {
    const { clock, network, a, b, c } = await openProcesses(t)
    network.weather = { loss: 60, doubling: 50, delayMsMax: 1_500 }
    for (let round = 0; round < 6; round++) {
      const before = [a, b].map((process) => process.connect())
      await clock.advance(8_000)
      assert.equal(before.filter(({ isOpen }) => isOpen).length, 1, `round ${round}`)
      const last = c.connect()
      await clock.advance(8_000)
      assert.equal(before.filter(({ isOpen }) => isOpen).length, 0, `round ${round}`)
      assert.equal(last.isOpen, true, `round ${round}`)
    }
  })

  it('belongs to the last one though the clock of its process is behind', async (t) => {
    const { clock, a, b } = await openProcesses(t, [5_000, -5_000, 0])
    const first = a.connect()
    await clock.advance(20)
    const second = b.connect()
    await clock.advance(20)
    assert.deepEqual([first.isOpen, second.isOpen], [false, true])
  })

  it('is let go by a process that was taken for dead meanwhile', async (t) => {
    const { clock, a, b } = await openProcesses(t)
    const former = a.connect()
    await clock.advance(20)
    a.node.clock.freeze()
    await clock.advance(12_000)
    const newer = b.connect()
    await clock.advance(1_000)
    a.node.clock.goOn()
    await clock.advance(2_000)
    assert.deepEqual([former.closed, newer.isOpen], [['taken_over'], true])
  })

  it('is fought over as one, whichever processes the devices come to', async (t) => {
    const { clock, a, b, c } = await openProcesses(t)
    const all = [a, b, c]
    for (let round = 0; round <= 10; round++) {
      assert.ok(
        all.every(({ takeOvers }) => !takeOvers.isHeld('client id', KEY)),
        `round ${round}`,
      )
      all[round % 3]?.connect()
      await clock.advance(50)
    }
    for (const { takeOvers } of all) assert.equal(takeOvers.isHeld('client id', KEY), true)
    assert.deepEqual(
      all.map(({ lines }) => lines.length),
      [1, 1, 1],
    )
    // It is where it came last: round 10 was at the second.
    assert.equal(b.sessions.has(KEY), true)
    assert.equal(await inTime(clock, a.clientIds.isElsewhere(KEY)), true)
    assert.equal(await inTime(clock, b.clientIds.isElsewhere(KEY)), false)
    await clock.advance(10_000)
    for (const { takeOvers } of all) assert.equal(takeOvers.isHeld('client id', KEY), false)
  })

  it('costs no more messages for many that connect while a process stands still', async (t) => {
    const { clock, network, a, c } = await openProcesses(t)
    const before = network.tally.sent
    const former = Array.from({ length: 500 }, (_, n) => c.connect(`acme/alice/${n}`))
    await clock.advance(1_000)
    c.node.clock.freeze()
    const newer = Array.from({ length: 500 }, (_, n) => a.connect(`acme/alice/${n}`))
    await clock.advance(5_000)
    const sent = network.tally.sent - before
    c.node.clock.goOn()
    await clock.advance(10_000)
    assert.ok(sent < 1_500, `${sent} messages`)
    assert.deepEqual(
      [former, newer].map((all) => all.filter(({ isOpen }) => isOpen).length),
      [0, 500],
    )
  })

  it('is not counted twice where words come twice', async (t) => {
    const { clock, network, a, b, c } = await openProcesses(t)
    network.weather = { loss: 0, doubling: 100, delayMsMax: 5 }
    for (let round = 0; round < 8; round++) {
      ;[a, b][round % 2]?.connect()
      await clock.advance(50)
    }
    for (const { takeOvers } of [a, b, c]) assert.equal(takeOvers.isHeld('client id', KEY), false)
  })
})

describe('MQTT at two processes', () => {
  async function openFronts(t: TestContext) {
    const { clock, nodes } = await openNodes(t, ['a', 'b'])
    const fronts: MqttFixture[] = []
    for (const { cluster } of nodes) fronts.push(await openMqtt(t, {}, { clock, cluster }))
    const [a, b] = fronts
    assert(a !== undefined && b !== undefined)
    const options = { username: 'alice', protocolVersion: 5, clientId: 'same' } as const
    const connect = async (front: MqttFixture) => {
      const password = front.auth.add('alice.access.token', 'alice')
      const connecting = connectClient(t, front, { ...options, password })
      return inTime(clock, connecting)
    }
    const count = () => a.mqtt.linkCount() + b.mqtt.linkCount()
    return { clock, a, b, connect, count }
  }

  const codeOf = ({ connack }: Awaited<ReturnType<typeof connectClient>>) =>
    connack.returnCode ?? connack.reasonCode

  it('a second CONNECT with a client id closes the first at the other [MQTT-3.1.4-3]', async (t) => {
    const { clock, a, b, connect, count } = await openFronts(t)
    const first = await connect(a)
    const disconnected = new Promise((resolve) => first.client.once('disconnect', resolve))
    assert.equal(codeOf(await connect(b)), 0)
    const packet = await inTime(clock, disconnected)
    assert.equal((packet as { reasonCode?: number }).reasonCode, 0x8e, 'Session taken over')
    while (count() > 1) await clock.advance(10)
    assert.deepEqual([a.closed, b.closed], [['taken_over'], []])
  })

  it('of two that fight, one keeps it and the other is told, wherever it comes; and whoever finds it free is let in', async (t) => {
    const { clock, a, b, connect, count } = await openFronts(t)
    let last = await connect(a)
    for (let round = 1; round <= 10; round++) {
      last = await connect(round % 2 === 1 ? b : a)
      assert.equal(codeOf(last), 0, `round ${round}`)
      while (count() > 1) await clock.advance(10)
    }
    for (const front of [b, a]) assert.equal(codeOf(await connect(front)), 0x97)
    assert.deepEqual([a.refused, b.refused], [['take_over_refused'], ['take_over_refused']])
    await last.client.endAsync()
    while (count() > 0) await clock.advance(10)
    assert.equal(codeOf(await connect(b)), 0)
  })
})
