import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { createFakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { FakeDisk } from '../../../../../test/helpers/fake-disk.ts'
import { depthOf, liveOf } from '../../contract/entries.ts'
import { ENDPOINT, lasting, Scene } from '../../contract/scene.ts'
import type { AppendOutcome, Registration } from '../../store.ts'
import { silentLog } from '../../store-log.ts'
import { openEmbeddedStore } from '../assembly.ts'
import { Journal } from './journal.ts'

const EIO = new Error('EIO')

/** A store on a disk that misbehaves on request. */
async function setUp() {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const logged: string[] = []
  const log = {
    error: (message: string) => void logged.push(message),
    warn: (message: string) => void logged.push(message),
    info: (message: string) => void logged.push(message),
  }
  const open = () => openEmbeddedStore({ rows: disk.open(), clock, log })
  const store = await open()
  const refuse = () => Promise.reject(new Error('not here'))
  const { wallMs, advance, jumpWall } = clock
  const scene = new Scene({
    store,
    ended: [],
    wallMs,
    advance,
    jumpWall,
    stall: (ms) => clock.stall(ms),
    reopen: refuse,
    crash: refuse,
    close: () => store.close(),
  })
  return { clock, disk, logged, store, scene, open }
}

/** Whether a promise is settled once everything that can run has run. */
async function isSettled(promise: Promise<unknown>, clock: { advance(ms: number): Promise<void> }) {
  let settled = false
  const note = () => {
    settled = true
  }
  promise.then(note, note)
  await clock.advance(0)
  return settled
}

function isUnavailable(error: unknown): boolean {
  return (
    error instanceof RollcallError && error.code === 'unavailable' && error.retryAfterSeconds !== undefined
  )
}

describe('the journal', () => {
  it('answers what is durable only once it is on disk', async () => {
    const { clock, disk, scene, store } = await setUp()
    const registration = await scene.register()
    disk.hold()
    const writes = [scene.register({ userEndpointId: 'tab' }), scene.append('x'), scene.unregister()]
    for (const write of writes) assert.equal(await isSettled(write, clock), false)
    disk.release()
    await Promise.all(writes)
    assert.equal(await depthOf(store, registration), 0)
    await store.close()
  })

  it('reads from mailboxes only what is durable', async () => {
    const { clock, disk, scene, store } = await setUp()
    const registration = await scene.register()
    disk.hold()
    const appended = scene.append('x')
    const read = scene.payloads(registration)
    assert.equal(await isSettled(read, clock), false)
    disk.release()
    await appended
    assert.deepEqual(await read, ['x'])
    await store.close()
  })

  it('tells the answer to an idempotency key only once it is durable', async () => {
    const { clock, disk, scene, store } = await setUp()
    await scene.register()
    disk.hold()
    const appended = scene.append('x', { idempotency: scene.claimOf(ENDPOINT, 'k', 60_000) })
    const answer = scene.reply(ENDPOINT, 'k')
    assert.equal(await isSettled(answer, clock), false)
    disk.release()
    await appended
    assert.equal((await answer)?.count, 1)
    await store.close()
  })

  it('writes what came at once in one commit', async () => {
    const { disk, scene, store } = await setUp()
    const before = disk.commits.length
    await Promise.all(Array.from({ length: 50 }, (_, index) => scene.register({ userId: `user ${index}` })))
    assert(disk.commits.length - before <= 2)
    await store.close()
  })

  it('writes keepalives and acknowledgements within a second though nobody waits', async () => {
    const { clock, disk, scene, store, open } = await setUp()
    const registration = await scene.register({ keepAliveSeconds: 100 })
    const { accepted } = await scene.append('x')
    await clock.advance(5000)
    await scene.keepalive(ENDPOINT, 77)
    await store.mailboxes.end(heldBy(registration, accepted), 'acknowledged', ROOM)
    await clock.advance(900)
    assert.equal(disk.table('mailbox').size, 0)
    const afterCrash = await open()
    assert.equal((await liveOf(afterCrash, ENDPOINT))[0]?.authorizedUntilWallMs, 77)
    await afterCrash.close()
  })

  it('beats while somebody is registered, and leaves the disk alone otherwise', async () => {
    const { clock, disk, scene, store } = await setUp()
    await clock.advance(10_000)
    assert.equal(disk.commits.length, 1)
    await scene.register({ keepAliveSeconds: 100 })
    const before = disk.commits.length
    await clock.advance(10_000)
    const beats = disk.commits.length - before
    assert(beats >= 20 && beats <= 40, `${beats} heartbeats in 10 s`)
    await store.close()
  })
})

describe('what comes faster than it is written', () => {
  const KEY = Buffer.from('key')

  /** A journal alone, with a row that is left and much that is, and whose every commit says that it is one. */
  function setUpJournal() {
    const clock = createFakeClock()
    const disk = new FakeDisk()
    const journal = new Journal(disk.open(), clock, silentLog, (commit, isLast) =>
      commit.put('meta', KEY, Buffer.from(isLast ? 'last' : 'not last')),
    )
    const leave = (number: number) => {
      journal.put('history', Buffer.from([number]), Buffer.alloc(1_000))
      journal.flushMuch()
    }
    const numbers = () => [...disk.table('history').keys()].map((name) => Buffer.from(name, 'hex')[0])
    const sizes = () =>
      disk.commits.map((changes) => changes.filter(({ table }) => table === 'history').length)
    return { clock, disk, journal, leave, numbers, sizes }
  }

  it('is written in its order, in commits that stay small', async () => {
    const { disk, journal, leave, numbers, sizes } = setUpJournal()
    disk.hold()
    for (let number = 0; number < 10; number++) leave(number)
    assert.ok(journal.waitingBytes > 10_000)
    const durable = journal.durable()
    disk.release()
    await durable
    assert.deepEqual(numbers(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    assert.deepEqual(sizes(), [...Array.from({ length: 10 }, () => 1), 0])
    assert.equal(journal.waitingBytes, 0)
    await journal.close()
  })

  it('is durable when its own commit is, not before', async () => {
    const { clock, disk, journal, leave, numbers } = setUpJournal()
    disk.hold()
    leave(0)
    const mine = journal.durable()
    leave(1)
    const number = journal.commitNumber - 1
    leave(2)
    assert.equal(await isSettled(mine, clock), false)
    assert.equal(journal.isDurable(number), false)
    disk.release()
    await mine
    assert.ok(numbers().includes(1))
    assert.equal(journal.isDurable(number), true)
    await journal.close()
  })

  it('is cut into no more commits than there may be', async () => {
    const { disk, journal, leave, sizes } = setUpJournal()
    disk.hold()
    for (let number = 0; number < 100; number++) leave(number)
    const durable = journal.durable()
    disk.release()
    await durable
    // One under way, 32 that wait, and all that came after them.
    assert.deepEqual(sizes(), [...Array.from({ length: 33 }, () => 1), 67])
    await journal.close()
  })

  it('is all tried again, in its order, after a commit that failed, and who waits is refused', async () => {
    const { clock, disk, journal, leave, numbers, sizes } = setUpJournal()
    disk.hold()
    leave(0)
    const refused: Promise<void>[] = []
    for (let number = 1; number < 5; number++) {
      refused.push(journal.durable())
      leave(number)
    }
    disk.failure = EIO
    disk.release()
    for (const each of refused) await assert.rejects(each, isUnavailable)
    leave(5)
    assert.deepEqual(sizes(), [])
    disk.failure = undefined
    await clock.advance(6_000)
    assert.deepEqual(numbers(), [0, 1, 2, 3, 4, 5])
    await journal.close()
  })

  it('is all written before the journal closes, the last as the last', async () => {
    const { disk, journal, leave, numbers } = setUpJournal()
    disk.hold()
    for (let number = 0; number < 5; number++) leave(number)
    journal.put('history', Buffer.from([5]), Buffer.alloc(10))
    const closed = journal.close()
    disk.release()
    await closed
    assert.deepEqual(numbers(), [0, 1, 2, 3, 4, 5])
    assert.equal(disk.table('meta').get(KEY.toString('hex'))?.toString(), 'last')
  })

  it('keeps what was written before it failed to close', async () => {
    const { disk, journal, leave } = setUpJournal()
    disk.hold()
    leave(0)
    leave(1)
    const waiting = journal.durable()
    const closed = journal.close()
    disk.failure = EIO
    disk.release()
    await assert.rejects(waiting, isUnavailable)
    await assert.rejects(closed, isUnavailable)
  })
})

describe('a disk that fails', () => {
  for (const failsAfterWriting of [false, true]) {
    const when = failsAfterWriting ? 'after the changes reached it' : 'before anything reached it'

    it(`refuses everybody and loses nothing that was promised, ${when}`, async () => {
      const { clock, disk, logged, scene, store, open } = await setUp()
      const registration = await scene.register({ keepAliveSeconds: 1000 })
      await scene.append('promised')
      disk.failure = EIO
      disk.failsAfterWriting = failsAfterWriting
      await assert.rejects(scene.append('refused'), isUnavailable)
      assert.match(store.failure() ?? '', /cannot write/)
      await assert.rejects(scene.append('refused'), isUnavailable)
      await assert.rejects(scene.keepalive(), isUnavailable)
      await assert.rejects(scene.payloads(registration), isUnavailable)
      await clock.advance(20_000)
      assert.notEqual(store.failure(), undefined)
      assert.notEqual(await scene.find(), undefined, 'who is registered is known all the same')
      disk.failure = undefined
      await clock.advance(6000)
      assert.equal(store.failure(), undefined)
      await scene.append('afterwards')
      const expected = await scene.payloads(registration)
      assert.equal(expected[0], 'promised')
      assert.equal(expected.at(-1), 'afterwards')
      assert.deepEqual(logged, [
        'the store cannot write',
        'the store writes again',
        'the service stood still, and every endpoint has a full period from now',
      ])
      // Memory and disk tell the same.
      const again = await open()
      const [found] = await liveOf(again, ENDPOINT)
      assert(found !== undefined)
      assert.equal(await depthOf(again, found), expected.length)
      await Promise.all([store.close(), again.close()])
    })
  }

  it('keeps acknowledgements that come in meanwhile', async () => {
    const { clock, disk, scene, store } = await setUp()
    const registration = await scene.register({ keepAliveSeconds: 1000 })
    const { accepted } = await scene.append('x')
    disk.failure = EIO
    await assert.rejects(scene.register({ userId: 'bob' }), isUnavailable)
    await store.mailboxes.end(heldBy(registration, accepted), 'acknowledged', ROOM)
    disk.failure = undefined
    await clock.advance(6000)
    assert.equal(disk.table('mailbox').size, 0)
    await store.close()
  })

  it('does not keep what is due for ever: it is swept once the refusal is over', async () => {
    const { clock, disk, scene, store } = await setUp()
    const registration = await scene.register()
    await clock.advance(10_000)
    disk.failure = EIO
    await assert.rejects(scene.register({ userId: 'bob' }), isUnavailable)
    await assert.rejects(scene.sweep(), isUnavailable)
    disk.failure = undefined
    await clock.advance(6000)
    assert.deepEqual((await scene.sweep()).expired.map(lasting), [lasting(registration)])
    await store.close()
  })

  it('is reported when a write does not end, and what may wait is bounded', async () => {
    const { clock, disk, scene, store } = await setUp()
    await scene.register({ keepAliveSeconds: 1000 })
    disk.hold()
    const event = { eventId: 'x', payload: Buffer.alloc(1_000_000), sealed: false, acceptedAtWallMs: 0 }
    const append = () => scene.append('', { event, eventsMax: 1e9, bytesMax: 1e12 })
    const waiting = Array.from({ length: 51 }, append)
    await clock.advance(0)
    await assert.rejects(append(), isUnavailable)
    assert.equal(store.failure(), undefined, 'busy is not failing')
    await clock.advance(6000)
    assert.match(store.failure() ?? '', /does not end/)
    disk.release()
    await Promise.all(waiting)
    assert.equal(store.failure(), undefined)
    await append()
    await store.close()
  })

  it('turns new events away first: who keeps people reachable or takes events off still may', async () => {
    const { clock, disk, scene, store } = await setUp()
    const phone = await scene.register({ keepAliveSeconds: 1000 })
    const { accepted } = await scene.append('x')
    disk.hold()
    const event = { eventId: 'x', payload: Buffer.alloc(1_000_000), sealed: false, acceptedAtWallMs: 0 }
    const append = () => scene.append('', { event, eventsMax: 1e9, bytesMax: 1e12 })
    const waiting = Array.from({ length: 51 }, append)
    await clock.advance(0)
    await assert.rejects(append(), isUnavailable)
    assert.notEqual(await scene.keepalive(), undefined)
    await store.mailboxes.end(heldBy(phone, accepted), 'acknowledged', ROOM)
    const others = [scene.register({ userEndpointId: 'tab' }), store.refreshFamilies.revoke('f')]
    const before = store.serviceTime.nowMs()
    await clock.advance(1_000)
    assert.ok(store.serviceTime.nowMs() > before, 'time does not stand still for it')
    disk.release()
    await Promise.all([...waiting, ...others])
    assert.equal(await depthOf(store, phone), 51)
    await store.close()
  })

  it('makes closing fail, and the next start finds what was promised', async () => {
    const { clock, disk, scene, store, open } = await setUp()
    await scene.register({ keepAliveSeconds: 1000 })
    disk.failure = EIO
    await assert.rejects(scene.append('x'), isUnavailable)
    await assert.rejects(store.close(), isUnavailable)
    await clock.advance(60_000)
    disk.failure = undefined
    const again = await open()
    assert.notEqual((await liveOf(again, ENDPOINT))[0], undefined)
    await again.close()
    assert.equal(clock.pending(), 0, 'no timer is left behind')
  })
})

const ROOM = { eventsMax: 10, bytesMax: 1000 }

/** The entry of the event that a scene calls "x". */
function heldBy(registration: Registration, accepted: AppendOutcome['accepted']) {
  return [{ registration, sequence: accepted[0]?.sequence ?? 0, eventId: 'id of x' }]
}
