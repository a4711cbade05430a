import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock, seededRandom } from '../../../test/helpers/fake-clock.ts'
import { FakeDisk } from '../../../test/helpers/fake-disk.ts'
import { noLimits } from '../../../test/helpers/no-limits.ts'
import { uuidMaker } from '../clock/clock.ts'
import { createSealer } from '../masks/masks.ts'
import { createLog, createMetrics, Statistics } from '../observe/observe.ts'
import { openEmbeddedStore } from '../store/embedded/embedded.ts'
import { readSendEventArray } from './command/bulk.ts'
import { createDelivery } from './delivery.ts'

const BACKEND = {
  organizationId: 'acme',
  userId: 'acme-backend',
  clientId: 'acme-backend',
  isClient: true,
  authorities: [],
  isService: false,
  expiresAtWallMs: Number.POSITIVE_INFINITY,
}

/** @param stepMs by which the clock moves on whenever somebody looks at it */
async function openDelivery(stepMs = 0) {
  let lookedMs = 0
  const fake = createFakeClock()
  const monotonicMs = (): number => {
    lookedMs += stepMs
    return fake.monotonicMs() + lookedMs
  }
  const clock = { ...fake, monotonicMs }
  const disk = new FakeDisk()
  const random = seededRandom('bulk')
  const statistics = new Statistics(0)
  const store = await openEmbeddedStore({ rows: disk.open(), clock })
  const delivery = createDelivery({
    store,
    clock,
    sealer: createSealer(Buffer.alloc(32), random),
    newId: uuidMaker(clock, random),
    metrics: createMetrics(statistics),
    statistics,
    log: createLog('silent'),
    limits: { mailboxEventsMax: 1_000, mailboxBytesMax: 4_194_304 },
    organizationOf: () => undefined,
    quotas: noLimits(),
  })
  for (const userId of ['alice', 'bob'])
    await store.registrations.register(
      {
        organizationId: 'acme',
        userId,
        userEndpointId: 'phone',
        keepAliveSeconds: 60,
        serverKeepAliveReminderOn: false,
        authorizedUntilWallMs: 0,
      },
      10,
    )
  return { clock, disk, store, delivery }
}

/** An array of events of QoS 1, to two users in turn; `more` adds members. */
function batch(count: number, more: (index: number) => object): Buffer {
  const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' }
  const commands = Array.from({ length: count }, (_, index) => ({
    userId: index % 2 === 0 ? 'alice' : 'bob',
    qos: 1,
    event,
    ...more(index),
  }))
  return Buffer.from(JSON.stringify(commands))
}

describe('the events of a bulk request', () => {
  for (const [what, more] of [
    ['bare', () => ({})],
    ['masked', () => ({ masks: ['$.caller'] })],
    ['each with a key', (index: number) => ({ idempotencyKey: `key-${index}` })],
    ['some with a key', (index: number) => (index % 3 === 0 ? { idempotencyKey: `key-${index}` } : {})],
  ] as const)
    it(`become durable in one commit, 1,000 of them: ${what}`, async () => {
      const { clock, disk, delivery, store } = await openDelivery()
      const before = disk.commits.length
      for await (const group of readSendEventArray(batch(1_000, more), clock)) {
        const answers = await delivery.sendEvents(BACKEND, group)
        assert(answers.every((answer) => answer.status === 'fulfilled' && answer.value.count === 1))
      }
      const commits = disk.commits
        .slice(before)
        .map((rows) => rows.filter(({ table }) => table === 'mailbox'))
      assert.deepEqual(
        commits.map((rows) => rows.length).filter((rows) => rows > 0),
        [1_000],
      )
      await store.close()
    })

  it('go into one commit though others have their turns meanwhile', async () => {
    const { clock, disk, delivery, store } = await openDelivery(0.03)
    const before = disk.commits.length
    let turns = 0
    const turn = (): void => {
      turns++
      setImmediate(turn).unref()
    }
    turn()
    for await (const group of readSendEventArray(
      batch(1_000, () => ({})),
      clock,
    )) {
      const turnsBefore = turns
      await delivery.sendEvents(BACKEND, group)
      assert(turns - turnsBefore > 10, `others had ${turns - turnsBefore} turns`)
    }
    const commits = disk.commits.slice(before).filter((rows) => rows.some(({ table }) => table === 'mailbox'))
    assert.equal(commits.length, 1)
    await store.close()
  })

  it('are refused one by one when the disk fails, and nothing is claimed', async () => {
    const { clock, disk, delivery, store } = await openDelivery()
    disk.failure = new Error('EIO')
    for await (const group of readSendEventArray(
      batch(10, () => ({})),
      clock,
    )) {
      const answers = await delivery.sendEvents(BACKEND, group)
      assert(answers.every((answer) => answer.status === 'rejected' && answer.reason.code === 'unavailable'))
    }
    disk.failure = undefined
    await clock.advance(10_000)
    await store.close()
  })
})
