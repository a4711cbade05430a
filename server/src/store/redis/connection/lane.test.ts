import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock, type FakeClock } from '../../../../../test/helpers/fake-clock.ts'
import type { LaneOptions } from './lane.ts'
import { Lanes } from './lanes.ts'
import { Partitions } from './partitions.ts'
import { Primary } from './primary.ts'
import { Session } from './session.ts'
import { type Answer, NotSentError, ReplyError, type Wire } from './wire.ts'

/** A Redis that carries out what it is sent, as far as it is told to. */
class FakeRedis {
  /** What was carried out, in its order. */
  readonly done: string[] = []
  /** Said in the place of carrying anything out; a function says it of some. */
  refusal: string | ((name: string) => string | undefined) | undefined
  /** Whether it answers; what it is sent otherwise is carried out, and nobody hears of it. */
  answers = true
  copies = 1
  tellsCopies = true
  refusesToWait = false
  run = 'one'
  /** What it is sent waits until it is let go. */
  holds = false
  readonly #held: (() => void)[] = []
  /** How often replicas were waited for, and how often something was sent. */
  groups = 0
  sent = 0
  connections = 0
  readonly #open = new Set<() => void>()
  #unanswered: (() => void)[] = []

  connect = (onLost: () => void): Wire => {
    let isOpen = true
    let isLeft = false
    const underWay = new Set<Promise<Answer>>()
    const lose = () => {
      if (!isOpen) return
      isOpen = false
      this.#open.delete(lose)
      for (const fail of this.#unanswered.splice(0)) fail()
      onLost()
    }
    this.#open.add(lose)
    this.connections++
    return {
      async open() {},
      close: lose,
      leave() {
        isLeft = true
        void Promise.allSettled(underWay).then(lose)
      },
      send: (command, args) => {
        if (!isOpen || isLeft) return Promise.reject(new NotSentError())
        const answer = this.#send(command, args.map(String))
        underWay.add(answer)
        answer.finally(() => underWay.delete(answer)).catch(() => {})
        return answer
      },
    }
  }

  /** The connection that was made first. */
  loseOne(): void {
    for (const lose of [...this.#open].slice(0, 1)) lose()
  }

  /** What was held back goes on. */
  letGo(): void {
    this.holds = false
    for (const go of this.#held.splice(0)) go()
  }

  lose(): void {
    for (const lose of [...this.#open]) lose()
  }

  async #send(command: string, args: readonly string[]): Promise<Answer> {
    if (command === 'WAIT') {
      this.groups++
      if (this.refusesToWait) throw new ReplyError('UNBLOCKED force unblock from blocking operation')
      return this.tellsCopies ? this.copies : this.#never()
    }
    const [name = '', , , ...own] = args
    this.sent++
    if (this.holds) await new Promise<void>((resolve) => this.#held.push(resolve))
    await Promise.resolve()
    const names = name.startsWith('group') ? own.filter((_, index) => index % 2 === 0) : [name]
    for (const one of names) {
      const refusal = typeof this.refusal === 'function' ? this.refusal(one) : this.refusal
      if (refusal !== undefined) throw new ReplyError(refusal)
    }
    this.done.push(...names)
    const answers = names.map((one) => Buffer.from(`did ${one}`))
    const answer = name.startsWith('group') ? answers.map((one) => [1, one]) : (answers[0] ?? null)
    if (this.answers) return answer
    return this.#never()
  }

  #never(): Promise<Answer> {
    return new Promise((_, reject) => this.#unanswered.push(() => reject(new Error('lost'))))
  }
}

type Setting = {
  readonly redis: FakeRedis
  readonly clock: FakeClock
  readonly lane: Lanes
  readonly told: string[]
}

async function open(wanted: Partial<LaneOptions> = {}, replicas = 0): Promise<Setting> {
  const redis = new FakeRedis()
  const clock = createFakeClock()
  const told: string[] = []
  const primary = primaryOf(redis, clock, replicas, (failure) => {
    told.push(failure ?? 'well')
    lane.flush()
  })
  const lane: Lanes = lanesOf(clock, told, { sessionOf: () => primary.session, ...wanted })
  await primary.open()
  return { redis, clock, lane, told }
}

function primaryOf(
  redis: FakeRedis,
  clock: FakeClock,
  replicas = 0,
  onState: (failure: string | undefined) => void = () => {},
): Primary {
  return new Primary({
    openSession: (onLost) =>
      new Session({
        connect: redis.connect,
        greet: async () => ({ id: redis.run, history: '' }),
        replicas,
        onLost,
      }),
    clock,
    onState,
  })
}

function lanesOf(clock: FakeClock, told: string[], wanted: Partial<LaneOptions>): Lanes {
  return new Lanes({
    clock,
    partitions: new Partitions(4, ''),
    group: { frugal: 'group frugal', other: 'group' },
    sessionOf: () => undefined,
    onRefused: () => {},
    onMissing: async (what) => void told.push(what),
    onGivenUp: (_, refusal) => void told.push(`given up: ${refusal}`),
    onTaken: () => {},
    onFull: () => void told.push('full'),
    onFault: () => void told.push('fault'),
    ...wanted,
  })
}

function send(lane: Lanes, name: string, isRepeatable = false): Promise<string> {
  const args = [name, '1', 'base:']
  return lane.send(0, { args, isRepeatable, isDurable: true, company: 'other' }).then(String)
}

/** In short, what came of it. */
function fate(answer: Promise<string>): Promise<string> {
  return answer.catch((error) => (error.isUndecided ? 'undecided' : `refused ${error.code}`))
}

const NAMES = Array.from({ length: 64 }, (_, index) => `command ${index}`)

describe('a lane', () => {
  it('sends what Redis has not carried out again, before what came later', async () => {
    const refusals = [
      'LOADING x',
      'READONLY x',
      'MOVED 1 a:1',
      'ASK 1 a:1',
      'TRYAGAIN x',
      'CLUSTERDOWN',
      'BUSY x',
    ]
    for (const refusal of [...refusals, 'MASTERDOWN', 'NOREPLICAS x', 'MISCONF x', 'NOPERM x', 'NOAUTH x']) {
      const { redis, clock, lane } = await open()
      redis.refusal = refusal
      const answers = NAMES.map((name) => send(lane, name))
      await clock.advance(300)
      const later = send(lane, 'later')
      redis.refusal = undefined
      await clock.advance(200)
      assert.deepEqual(
        await Promise.all(answers),
        NAMES.map((name) => `did ${name}`),
      )
      assert.equal(await later, 'did later')
      assert.deepEqual(redis.done, [...NAMES, 'later'], refusal)
      lane.close()
    }
  })

  it('gives up after two seconds what was not carried out, and says that it was not', async () => {
    const { redis, clock, lane, told } = await open()
    redis.refusal = 'LOADING'
    const answer = fate(send(lane, 'a'))
    await clock.advance(2_600)
    assert.equal(await answer, 'refused unavailable')
    assert.deepEqual(told, ['well', 'given up: LOADING'])
    redis.refusal = undefined
    await clock.advance(1_000)
    assert.deepEqual(redis.done, [])
    lane.close()
  })

  it('asks again what was only a question where a connection is lost, and nothing else', async () => {
    const { redis, clock, lane, told } = await open()
    redis.answers = false
    const change = fate(send(lane, 'change'))
    const question = fate(lane.send(1, { args: ['question', '1', ''], isRepeatable: true }).then(String))
    await clock.advance(10)
    redis.answers = true
    redis.lose()
    assert.equal(await change, 'undecided')
    await clock.advance(200)
    assert.equal(await question, 'did question')
    assert.deepEqual(redis.done, ['change', 'question', 'question'])
    assert.deepEqual([redis.connections, told.length], [2, 3], 'once lost, and once well again')
    lane.close()
  })

  it('sends several of a partition in one step, so that what was refused is never overtaken', async () => {
    const { redis, clock, lane } = await open()
    // It ends in the midst of what was sent.
    let refusals = 1
    redis.refusal = (name) => (name === 'command 7' && refusals-- > 0 ? 'READONLY x' : undefined)
    const answers = ['first', ...NAMES].map((name) => send(lane, name))
    await clock.advance(300)
    await Promise.all(answers)
    assert.deepEqual(redis.done, ['first', ...NAMES])
    assert.equal(redis.sent, 3, 'the first, all others, and these again')
    lane.close()
  })

  it('of one partition wait for nobody else', async () => {
    const { redis, clock, lane } = await open()
    redis.refusal = (name) => (name.startsWith('slow') ? 'LOADING' : undefined)
    const slow = fate(send(lane, 'slow'))
    const other = lane.send(1, { args: ['quick', '1', ''], isRepeatable: false }).then(String)
    assert.equal(await other, 'did quick')
    await clock.advance(3_000)
    assert.equal(await slow, 'refused unavailable')
    lane.close()
  })

  it('follow their partition to another Redis, and nothing that was sent later is there before', async () => {
    const clock = createFakeClock()
    const [from, to] = [new FakeRedis(), new FakeRedis()]
    const [old, next] = [primaryOf(from, clock), primaryOf(to, clock)]
    await Promise.all([old.open(), next.open()])
    let doubts = 0
    let owner = old
    const lane = lanesOf(clock, [], { sessionOf: () => owner.session, onRefused: () => void doubts++ })
    from.refusal = 'MOVED 7 other:1'
    const answers = NAMES.map((name) => send(lane, name))
    await clock.advance(20)
    owner = next
    lane.flush()
    const later = send(lane, 'later')
    await clock.advance(200)
    await Promise.all([...answers, later])
    assert.deepEqual([from.done, to.done], [[], [...NAMES, 'later']])
    assert.ok(doubts > 0)
    lane.close()
  })

  it('that is moved in a loop is tried a few times, and then refused', async () => {
    const { redis, clock, lane } = await open()
    redis.refusal = 'MOVED 7 other:1'
    const answer = fate(send(lane, 'a'))
    await clock.advance(10_000)
    assert.equal(await answer, 'refused unavailable')
    assert.ok(redis.sent >= 4 && redis.sent <= 10, `${redis.sent} times`)
    lane.close()
  })

  it('holds what comes while there is no connection, in its order', async () => {
    const { redis, clock, lane } = await open()
    redis.lose()
    const answers = NAMES.map((name) => send(lane, name))
    await clock.advance(500)
    await Promise.all(answers)
    assert.deepEqual(redis.done, NAMES)
    lane.close()
  })

  it('makes what is missing, once, and tries again', async () => {
    for (const [said, what] of [
      ['ERR Function not found', 'no_function'],
      ['NOPARTITION of Rollcall is here', 'no_partition'],
    ] as const) {
      const made: string[] = []
      const redisOf: { redis?: FakeRedis } = {}
      const setting = await open({
        async onMissing(missing) {
          made.push(missing)
          if (redisOf.redis !== undefined) redisOf.redis.refusal = undefined
        },
      })
      redisOf.redis = setting.redis
      setting.redis.refusal = said
      const answer = send(setting.lane, 'a')
      await setting.clock.advance(200)
      assert.equal(await answer, 'did a')
      assert.deepEqual(made, [what])
      setting.lane.close()
    }
  })

  it('says of an error that it does not know that nobody knows, and of a full Redis that nothing was done', async () => {
    const { redis, lane, told } = await open()
    redis.refusal = 'ERR user_function:1: attempt to index a nil value'
    assert.equal(await fate(send(lane, 'a')), 'undecided')
    redis.refusal = 'OOM command not allowed'
    assert.equal(await fate(send(lane, 'a')), 'refused unavailable')
    assert.deepEqual(told, ['well', 'fault', 'full'])
    lane.close()
  })

  it('with replicas sends one group at a time, and counts none of it that too few have', async () => {
    const { redis, clock, lane } = await open({}, 1)
    const first = send(lane, 'first')
    const rest = NAMES.map((name) => send(lane, name))
    await Promise.all([first, ...rest])
    assert.equal(redis.groups, 2, 'for the first alone, and for all that came meanwhile')
    assert.deepEqual(redis.done, ['first', ...NAMES])
    redis.copies = 0
    assert.deepEqual(await Promise.all([fate(send(lane, 'change')), fate(send(lane, 'question', true))]), [
      'undecided',
      'did question',
    ])
    await clock.advance(10)
    lane.close()
  })

  it('with replicas lets nothing wait for them that asks for no copies', async () => {
    const { redis, clock, lane } = await open({}, 1)
    redis.copies = 0
    const order: string[] = []
    const durable = fate(send(lane, 'durable')).then((what) => void order.push(what))
    const quick = lane
      .send(0, { args: ['quick', '1', ''], isRepeatable: false })
      .then(() => void order.push('quick'))
    await Promise.all([durable, quick])
    assert.deepEqual(redis.done, ['durable', 'quick'], 'and nothing overtakes what is durable')
    assert.deepEqual([...order].sort(), ['quick', 'undecided'])
    await clock.advance(10)
    lane.close()
  })

  it('counts nothing as durable once its connection is lost, though the next has copies', async () => {
    const { redis, clock, lane } = await open({}, 1)
    redis.tellsCopies = false
    const answer = fate(send(lane, 'a'))
    await clock.advance(10)
    redis.tellsCopies = true
    redis.lose()
    await clock.advance(500)
    assert.deepEqual(redis.done, ['a'])
    assert.equal(await answer, 'undecided')
    lane.close()
  })

  it('of a primary that is demoted does again what it was told was not done, and loses no answer that is on its way', async () => {
    const { redis, clock, lane } = await open({}, 1)
    // As in a planned failover: what writes is held back, and refused once another has the partition.
    redis.holds = true
    const quick = lane.send(1, { args: ['quick', '1', ''], isRepeatable: false }).then(String)
    await clock.advance(10)
    redis.loseOne()
    const waits = fate(send(lane, 'waits'))
    await clock.advance(10)
    redis.refusal = 'MOVED 1 other:1'
    redis.letGo()
    redis.refusal = undefined
    await clock.advance(400)
    assert.equal(await quick, 'did quick')
    assert.equal(await waits, 'did waits')
    assert.deepEqual([...redis.done].sort(), ['quick', 'waits'])
    lane.close()
  })

  it('sends nothing more to a primary that has stopped waiting for copies: it closes the connection a moment later', async () => {
    const { redis, clock, lane } = await open({}, 1)
    redis.refusesToWait = true
    const first = fate(send(lane, 'first'))
    const next = fate(
      lane.send(1, { args: ['next', '1', ''], isRepeatable: false, isDurable: true }).then(String),
    )
    await clock.advance(1)
    redis.refusesToWait = false
    const later = fate(send(lane, 'later'))
    await clock.advance(400)
    assert.deepEqual(await Promise.all([first, next, later]), ['undecided', 'undecided', 'did later'])
    assert.deepEqual([redis.done, redis.connections], [['first', 'next', 'later'], 4])
    lane.close()
  })

  it('sends nothing over a connection that it knows to be lost, and does not call it undecided', async () => {
    const { redis, clock, lane } = await open({}, 1)
    redis.tellsCopies = false
    const first = fate(send(lane, 'first'))
    await clock.advance(10)
    const rest = NAMES.map((name) => fate(send(lane, name)))
    await clock.advance(10)
    redis.tellsCopies = true
    redis.lose()
    await clock.advance(400)
    assert.equal(await first, 'undecided', 'nobody knows of its copies')
    assert.deepEqual(
      await Promise.all(rest),
      NAMES.map((name) => `did ${name}`),
    )
    assert.deepEqual(redis.done, ['first', ...NAMES])
    lane.close()
  })

  it('asks once, where waiting for copies was cut off, whether there are, and believes what it hears', async () => {
    for (const isKept of [true, false]) {
      const asked: string[] = []
      const redis = new FakeRedis()
      const clock = createFakeClock()
      redis.tellsCopies = false
      const session = new Session({
        ...{ connect: redis.connect, replicas: 1, onLost: () => {} },
        greet: async () => ({ id: 'one', history: 'first' }),
        async isKept(run) {
          asked.push(`${run.id} ${run.history}`)
          return isKept
        },
      })
      await session.open()
      const lane = lanesOf(clock, [], { sessionOf: () => session })
      const answers = ['a', 'b'].map((name, partition) =>
        fate(lane.send(partition, { args: [name], isRepeatable: false, isDurable: true }).then(String)),
      )
      await clock.advance(10)
      redis.lose()
      assert.deepEqual(await Promise.all(answers), isKept ? ['did a', 'did b'] : ['undecided', 'undecided'])
      assert.deepEqual(asked, ['one first'])
      lane.close()
    }
  })

  it('is used no more where one of its connections was lost while the other was made', async () => {
    const redis = new FakeRedis()
    let greeted = 0
    const session = new Session({
      ...{ connect: redis.connect, replicas: 1, onLost: () => assert.fail('it was never open') },
      async greet() {
        if (++greeted === 2) redis.loseOne()
        return { id: 'one', history: '' }
      },
    })
    await assert.rejects(session.open(), /no connection/)
    assert.equal(session.isOpen, false)
  })

  it('uses no address that leads to two different servers', async () => {
    const redis = new FakeRedis()
    const clock = createFakeClock()
    const runs = ['one', 'two']
    const session = new Session({
      ...{ connect: redis.connect, replicas: 1, onLost: () => {} },
      greet: async () => ({ id: runs.pop() ?? '', history: '' }),
    })
    await assert.rejects(session.open(), /different Redis servers/)
    await clock.advance(10)
    assert.equal(session.isOpen, false)
  })

  it('takes only so much that waits, and nothing once it is closed', async () => {
    const { redis, lane } = await open()
    redis.lose()
    const large = 'x'.repeat(40 * 1024 ** 2)
    const held = fate(lane.send(0, { args: [large], isRepeatable: false }).then(String))
    assert.equal(await fate(send(lane, large)), 'refused unavailable')
    lane.close()
    assert.equal(await held, 'refused unavailable')
    assert.equal(await fate(send(lane, 'late')), 'refused unavailable')
    await lane.idle()
  })
})
