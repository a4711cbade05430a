import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../../../../../test/helpers/fake-clock.ts'
import { systemClock } from '../../../../clock/clock.ts'
import { type Address, type Answer, ReplyError, type Wire } from '../wire.ts'
import { Asker } from './asker.ts'
import { ClusterFinder } from './cluster.ts'
import { planOf, readNodes } from './cluster-nodes.ts'
import { nameOf, type Plan, planOfOne } from './plan.ts'
import { SentinelFinder } from './sentinel.ts'
import { Topology } from './topology.ts'

const ASKED: Address = { host: '10.0.0.9', port: 6379, password: 'p' }

/** What a server answers, by its name; nobody else answers at all. */
function askerFor(answers: ReadonlyMap<string, Answer | Error>, asked: string[] = []) {
  return (address: Address) =>
    new Asker({
      connect: () =>
        wireOf(
          () => answers.get(nameOf(address)),
          () => void asked.push(nameOf(address)),
        ),
      sleep: (ms) => systemClock().sleep(ms / 20),
      isGuestFirst: false,
    })
}

function wireOf(answer: () => Answer | Error | undefined, onAsked: () => void = () => {}): Wire {
  return {
    async open() {},
    close() {},
    leave() {},
    send() {
      onAsked()
      const said = answer()
      if (said === undefined) return new Promise(() => {})
      return said instanceof Error ? Promise.reject(said) : Promise.resolve(said)
    },
  }
}

const VIEW = [
  'a1 10.0.0.1:6379@16379,one.example myself,master - 0 0 5 connected 0-8000 [93-<-b2]',
  'b2 10.0.0.2:6379@16379,two.example,shard-id=x master - 0 0 4 connected 8001 8003-16383',
  'c3 10.0.0.3:6379@16379 slave a1 0 0 5 connected',
  'd4 :0@0 master,noaddr - 0 0 0 disconnected',
  '',
].join('\n')

describe('who has which slot', () => {
  it('is read from what a node of a cluster says, by address or by name', () => {
    const nodes = readNodes(VIEW, ASKED, false)
    assert.deepEqual(
      nodes.map(({ host, isPrimary, epoch }) => [host, isPrimary, epoch]),
      [
        ['10.0.0.1', true, 5],
        ['10.0.0.2', true, 4],
        ['10.0.0.3', false, 5],
      ],
    )
    assert.deepEqual(nodes[1]?.slots, [
      [8001, 8001],
      [8003, 16_383],
    ])
    const plan = planOf([nodes], ASKED)
    assert.deepEqual(plan.primaries.map(nameOf), ['10.0.0.1:6379', '10.0.0.2:6379'])
    assert.deepEqual(plan.ownerOf(93), { host: '10.0.0.1', port: 6379, password: 'p' })
    assert.equal(plan.ownerOf(8002), undefined)
    const byName = planOf([readNodes(VIEW, ASKED, true)], { ...ASKED, tls: { ca: 'PEM' } })
    assert.deepEqual(byName.ownerOf(0), {
      ...{ host: 'one.example', port: 6379, password: 'p' },
      tls: { ca: 'PEM', servername: 'one.example' },
    })
  })

  it('is what the newest says: one that is cut off has missed who took over', () => {
    const before = 'a1 1.1.1.1:1@2 myself,master - 0 0 5 connected 0-16383'
    const since =
      'a1 1.1.1.1:1@2 master,fail - 0 0 5 disconnected\nc3 3.3.3.3:1@2 myself,master - 0 0 7 connected 0-16383'
    for (const views of [
      [before, since],
      [since, before],
    ]) {
      const plan = planOf(
        views.map((view) => readNodes(view, ASKED, false)),
        ASKED,
      )
      assert.deepEqual(plan.primaries.map(nameOf), ['3.3.3.3:1'])
    }
  })

  it('is asked of several at once, and of those that are known from before once none of the named answers', async () => {
    const answers = new Map<string, Answer | Error>([['10.0.0.9:6379', Buffer.from(VIEW)]])
    const asked: string[] = []
    const finder = new ClusterFinder([ASKED], askerFor(answers, asked))
    await finder.find()
    answers.clear()
    answers.set('10.0.0.3:6379', Buffer.from('c3 10.0.0.3:6379@1 myself,master - 0 0 6 connected 0-16383'))
    const plan = await finder.find()
    assert.deepEqual(plan.primaries.map(nameOf), ['10.0.0.3:6379'])
    answers.clear()
    await assert.rejects(finder.find(), /in time/)
    finder.close()
  })

  it('is told by the sentinel that knows of the newest failover', async () => {
    const word = (ip: string, epoch: string) =>
      ['name', 'calls', 'ip', ip, 'port', '7000', 'config-epoch', epoch].map((one) => Buffer.from(one))
    const answers = new Map<string, Answer | Error>([
      ['one:1', word('10.0.0.1', '3')],
      ['two:1', word('10.0.0.2', '12')],
      ['four:1', new ReplyError('ERR No such master with that name')],
    ])
    const ask = askerFor(answers)
    const askers = ['one', 'two', 'three', 'four'].map((host) => ask({ host, port: 1 }))
    const finder = new SentinelFinder('calls', { ...ASKED, database: 2 }, askers)
    const plan = await finder.find()
    assert.deepEqual(plan.primaries, [{ host: '10.0.0.2', port: 7000, password: 'p', database: 2 }])
    answers.delete('one:1')
    answers.delete('two:1')
    await assert.rejects(finder.find())
    finder.close()
  })

  it('is asked by name and password where a guest is told nothing', async () => {
    const asked: boolean[] = []
    const asker = new Asker({
      connect: (_onLost, asGuest) =>
        wireOf(
          () => (asGuest ? new ReplyError('NOAUTH Authentication required.') : Buffer.from('x')),
          () => asked.push(asGuest),
        ),
      sleep: () => new Promise(() => {}),
      isGuestFirst: true,
    })
    assert.equal(String(await asker.ask('SENTINEL', [])), 'x')
    await asker.ask('SENTINEL', [])
    assert.deepEqual(asked, [true, false, false])
    asker.close()
  })

  it('is asked once a second, sooner where somebody doubts it, and never twice at once', async () => {
    const clock = createFakeClock()
    const finds: (() => void)[] = []
    const plans: Plan[] = []
    const plan = planOfOne(ASKED)
    const finder = {
      find: () => new Promise<Plan>((resolve) => finds.push(() => resolve(plan))),
      close: () => {},
    }
    const topology = new Topology({ finder, clock, onPlan: (found) => void plans.push(found) })
    const starting = topology.start()
    finds[0]?.()
    await starting
    await clock.advance(1_000)
    assert.equal(finds.length, 2)
    for (let count = 0; count < 100; count++) topology.refresh()
    assert.equal(finds.length, 2, 'one is under way')
    finds[1]?.()
    await clock.advance(49)
    assert.equal(finds.length, 2)
    await clock.advance(2)
    assert.equal(finds.length, 3)
    finds[2]?.()
    await clock.advance(10)
    assert.equal(plans.length, 3)
    topology.close()
    topology.refresh()
    await clock.advance(5_000)
    assert.equal(finds.length, 3)
  })
})
