import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock, inTime } from '../../../test/helpers/fake-clock.ts'
import { SimulatedNetwork } from '../../../test/helpers/simulated-network.ts'
import { createDice } from '../../../test/sim/dice.ts'
import { RequestsOverRouter } from './cluster.ts'
import { createLocalCluster } from './local/local.ts'

const QUESTION = Buffer.from('how many?')

function openThree(seed = 1) {
  const clock = createFakeClock()
  const network = new SimulatedNetwork(clock, createDice(seed))
  const present = ['a', 'b', 'c']
  const nodes = ['a', 'b', 'c'].map((self) => {
    const router = network.router({ self: () => self })
    const others = async () => present.filter((node) => node !== self)
    return new RequestsOverRouter({ router, clock, nodes: { others } })
  })
  const [a, b, c] = nodes
  assert(a !== undefined && b !== undefined && c !== undefined)
  return { clock, network, present, a, b, c }
}

describe('a request to all', () => {
  it('resolves with the answers of all others', async () => {
    const { clock, a, b, c } = openThree()
    b.answer('count', (question) => Buffer.from(`${Buffer.from(question)} 2`))
    c.answer('count', async () => Buffer.from('3'))
    const answers = await inTime(clock, a.askAll('count', QUESTION, 1000))
    assert.deepEqual(answers.map(String).toSorted(), ['3', 'how many? 2'])
  })

  it('gets through a network that loses, doubles and delays', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { clock, network, a, b, c } = openThree(seed)
      network.weather = { loss: 40, doubling: 30, delayMsMax: 300 }
      for (const node of [b, c]) node.answer('count', () => Buffer.from('1'))
      const answers = await inTime(clock, a.askAll('count', QUESTION, 20_000))
      assert.equal(answers.length, 2, `seed ${seed}`)
    }
  })

  it('is refused where somebody does not answer in time', async () => {
    const { clock, a, b } = openThree()
    b.answer('count', () => Buffer.from('1'))
    await assert.rejects(inTime(clock, a.askAll('count', QUESTION, 1000)), {
      code: 'unavailable',
      isUndecided: true,
    })
  })

  it('waits no longer for one that was buried', async () => {
    const { clock, present, a, b } = openThree()
    b.answer('count', () => Buffer.from('1'))
    const asked = a.askAll('count', QUESTION, 60_000)
    await clock.advance(500)
    present.pop()
    assert.equal((await inTime(clock, asked)).length, 1)
    assert.ok(clock.monotonicMs() < 2_000)
  })

  it('is asked again of one that could not carry it out', async () => {
    const { clock, a, b, c } = openThree()
    let failures = 2
    b.answer('count', () => {
      if (failures-- > 0) throw new Error('not now')
      return Buffer.from('2')
    })
    c.answer('count', () => Buffer.from('3'))
    assert.equal((await inTime(clock, a.askAll('count', QUESTION, 5_000))).length, 2)
  })

  it('is carried out once, however often it comes, and answered as it was then', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { clock, network, a, b, c } = openThree(seed)
      network.weather = { loss: 40, doubling: 50, delayMsMax: 300 }
      const counts = { b: 0, c: 0 }
      b.answer('count', () => Buffer.from(`b${++counts.b}`))
      c.answer('count', async () => Buffer.from(`c${++counts.c}`))
      const answers = await inTime(clock, a.askAll('count', QUESTION, 20_000))
      await clock.advance(1_000)
      assert.deepEqual(answers.map(String).toSorted(), ['b1', 'c1'], `seed ${seed}`)
      assert.deepEqual(counts, { b: 1, c: 1 }, `seed ${seed}`)
    }
  })

  it('is answered in part where a part is worth having, with who was silent', async () => {
    const { clock, a, c } = openThree()
    c.answer('count', () => Buffer.from('3'))
    const { answers, silent } = await inTime(clock, a.gather('count', QUESTION, 700))
    assert.deepEqual([...answers.keys()], ['c'])
    assert.deepEqual(silent, ['b'])
    assert.ok(clock.monotonicMs() < 900, 'no longer than it was given')
  })

  it('is no question where there is one process only', async () => {
    const { requests } = createLocalCluster('here')
    assert.deepEqual(await requests.askAll('count', QUESTION, 0), [])
    assert.deepEqual(await requests.gather('count', QUESTION, 0), { answers: new Map(), silent: [] })
  })
})

describe('a request to one', () => {
  it('is answered by that one alone', async () => {
    const { clock, network, a, b, c } = openThree()
    for (const node of [b, c]) node.answer('count', (_, from) => Buffer.from(`asked by ${from}`))
    const answer = await inTime(clock, a.ask('b', 'count', QUESTION, 1_000))
    assert.equal(String(answer), 'asked by a')
    assert.equal(network.tally.sent, 2, 'the question and its answer')
  })

  it('is refused where that one is silent, or dead', async () => {
    const { clock, present, a } = openThree()
    await assert.rejects(inTime(clock, a.ask('b', 'count', QUESTION, 1_000)), { code: 'unavailable' })
    present.splice(present.indexOf('b'), 1)
    const askedAtMs = clock.monotonicMs()
    await assert.rejects(inTime(clock, a.ask('b', 'count', QUESTION, 60_000)), { code: 'unavailable' })
    assert.ok(clock.monotonicMs() - askedAtMs < 1_000, 'nobody waits for the dead')
    await assert.rejects(createLocalCluster('here').requests.ask('b', 'count', QUESTION, 0), {
      code: 'unavailable',
    })
  })
})
