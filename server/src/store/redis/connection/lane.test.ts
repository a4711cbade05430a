import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock, type FakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { Lane, type LaneOptions } from './lane.ts'
import { type Answer, ReplyError, type Wire } from './wire.ts'

/** A Redis that carries out what it is sent, as far as it is told to. */
class FakeRedis {
  /** What was carried out, in its order. */
  readonly done: string[] = []
  /** Said in the place of carrying anything out. */
  refusal: string | undefined
  /** Whether it answers; what it is sent otherwise is carried out, and nobody hears of it. */
  answers = true
  copies = 1
  groups = 0
  connections = 0
  #lose: (() => void) | undefined
  #unanswered: (() => void)[] = []

  connect = (onLost: () => void): Wire => {
    let isOpen = true
    this.#lose = () => {
      isOpen = false
      for (const fail of this.#unanswered.splice(0)) fail()
      onLost()
    }
    this.connections++
    return {
      async open() {},
      close: () => this.lose(),
      send: (command, args) => (isOpen ? this.#send(command, args) : Promise.reject(new Error('closed'))),
    }
  }

  lose(): void {
    const lose = this.#lose
    this.#lose = undefined
    lose?.()
  }

  async #send(command: string, args: readonly (string | Buffer)[]): Promise<Answer> {
    if (command === 'WAIT') {
      this.groups++
      return this.copies
    }
    await Promise.resolve()
    if (this.refusal !== undefined) throw new ReplyError(this.refusal)
    this.done.push(String(args[0]))
    if (this.answers) return Buffer.from(`did ${args[0]}`)
    return new Promise((_, reject) => this.#unanswered.push(() => reject(new Error('lost'))))
  }
}

type Setting = {
  readonly redis: FakeRedis
  readonly clock: FakeClock
  readonly lane: Lane
  readonly told: string[]
}

async function open(wanted: Partial<LaneOptions> = {}): Promise<Setting> {
  const redis = new FakeRedis()
  const clock = createFakeClock()
  const told: string[] = []
  const lane = new Lane({
    connect: redis.connect,
    greet: async () => {},
    clock,
    replicas: 0,
    onState: (failure) => void told.push(failure ?? 'well'),
    onMissing: async (what) => void told.push(what),
    onFull: () => void told.push('full'),
    onFault: () => void told.push('fault'),
    ...wanted,
  })
  await lane.open()
  return { redis, clock, lane, told }
}

function send(lane: Lane, name: string, isRepeatable = false): Promise<string> {
  return lane.send({ args: [name], isRepeatable }).then(String)
}

/** In short, what came of it. */
function fate(answer: Promise<string>): Promise<string> {
  return answer.catch((error) => (error.isUndecided ? 'undecided' : `refused ${error.code}`))
}

const NAMES = Array.from({ length: 64 }, (_, index) => `command ${index}`)

describe('a lane', () => {
  it('sends what Redis has not carried out again, before what came later', async () => {
    for (const refusal of ['LOADING x', 'READONLY x', 'MOVED 1 a:1', 'CLUSTERDOWN', 'BUSY x', 'MASTERDOWN']) {
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
    const { redis, clock, lane } = await open()
    redis.refusal = 'LOADING'
    const answer = fate(send(lane, 'a'))
    await clock.advance(2_600)
    assert.equal(await answer, 'refused unavailable')
    redis.refusal = undefined
    await clock.advance(1_000)
    assert.deepEqual(redis.done, [])
    lane.close()
  })

  it('asks again what was only a question where a connection is lost, and nothing else', async () => {
    const { redis, clock, lane, told } = await open()
    redis.answers = false
    const [change, question] = [fate(send(lane, 'change')), fate(send(lane, 'question', true))]
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
    const { redis, clock, lane } = await open({ replicas: 1 })
    const first = send(lane, 'first')
    const rest = NAMES.map((name) => send(lane, name))
    await Promise.all([first, ...rest])
    assert.equal(redis.groups, 2, 'the first alone, and all that came meanwhile')
    assert.deepEqual(redis.done, ['first', ...NAMES])
    redis.copies = 0
    assert.deepEqual(await Promise.all([fate(send(lane, 'change')), fate(send(lane, 'question', true))]), [
      'undecided',
      'did question',
    ])
    await clock.advance(10)
    lane.close()
  })

  it('takes only so much that waits, and nothing once it is closed', async () => {
    const { redis, lane } = await open()
    redis.lose()
    const large = 'x'.repeat(40 * 1024 ** 2)
    const held = fate(lane.send({ args: [large], isRepeatable: false }).then(String))
    assert.equal(await fate(send(lane, large)), 'refused unavailable')
    lane.close()
    assert.equal(await held, 'refused unavailable')
    assert.equal(await fate(send(lane, 'late')), 'refused unavailable')
    await lane.idle()
  })
})
