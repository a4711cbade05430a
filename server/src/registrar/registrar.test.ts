import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { Statistics } from '../observe/observe.ts'
import { createMemoryStore } from '../store/memory/memory.ts'
import type { Registration } from '../store/store.ts'
import { createRegistrar } from './registrar.ts'

const ALICE = { organizationId: 'acme', userId: 'alice' }
const FOREVER_MS = 4_000_000_000_000

function setup() {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const statistics = new Statistics(0)
  const seen: string[] = []
  const lateMs: number[] = []
  let made = 0
  const note = (what: string) => (registration: Registration) =>
    void seen.push(`${clock.monotonicMs()} ${what} ${registration.userEndpointId}`)
  const registrar = createRegistrar({
    store,
    clock,
    newId: () => `made-${++made}`,
    statistics,
    log: { error: (message) => void seen.push(message) },
    limits: { keepAliveSecondsMax: 86_400, endpointsPerUserMax: 3 },
    onRegistered: note('registered'),
    onReminderDue: note('remind'),
    onExpired(registration) {
      lateMs.push(-registration.remainingMs)
      note('expired')(registration)
    },
    onUnregistered: note('unregistered'),
    onLapsed: () => undefined,
    mayEvict: false,
  })
  registrar.start()
  const register = (
    userEndpointId: string | undefined,
    keepAliveSeconds: number,
    serverKeepAliveReminderOn = false,
  ) => registrar.register(ALICE, { userEndpointId, keepAliveSeconds, serverKeepAliveReminderOn }, FOREVER_MS)
  return { clock, store, registrar, statistics, seen, lateMs, register }
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof RollcallError && error.code === code
}

describe('the registrar', () => {
  it('counts who is there and who has ended, by organization', async () => {
    const { clock, registrar, statistics, register } = setup()
    await register('phone', 15)
    await register('tab', 15)
    await register('gone', 15)
    const counts = await Promise.all(['acme', 'globex', undefined].map(registrar.count))
    assert.deepEqual(counts, [3, 0, 3])
    await registrar.unregister({ ...ALICE, userEndpointId: 'gone' })
    await assert.rejects(registrar.unregister({ ...ALICE, userEndpointId: 'gone' }))
    await clock.advance(16_000)
    assert.equal(await registrar.count('acme'), 0)
    const { ended, expiryLatenessMs } = statistics.read('acme')
    assert.deepEqual(ended, { expired: 2, unregistered: 1 })
    assert.equal(
      expiryLatenessMs.counts.reduce((sum, count) => sum + count),
      2,
    )
    assert.deepEqual(statistics.read('globex').ended, { expired: 0, unregistered: 0 })
    await registrar.close()
  })

  it('expires an endpoint after its period: never early, at most a second late', async () => {
    const { clock, store, registrar, seen, lateMs, register } = setup()
    await register('phone', 15)
    await clock.advance(14_999)
    assert.equal((await registrar.look([ALICE], {})).length, 1)
    assert.deepEqual(seen, ['0 registered phone'])
    await clock.advance(1)
    assert.equal((await registrar.look([ALICE], {})).length, 0)
    await clock.advance(999)
    assert.equal(seen.length, 2)
    assert.ok(lateMs.every((ms) => ms >= 0 && ms < 1000))
    await registrar.close()
    await store.close()
    assert.equal(clock.pending(), 0)
  })

  it('keeps an endpoint alive as long as keepalives come, and never brings it back', async () => {
    const { clock, registrar, register } = setup()
    await register('phone', 15)
    for (let beat = 0; beat < 10; beat++) {
      await clock.advance(14_000)
      await registrar.keepalive({ ...ALICE, userEndpointId: 'phone' }, FOREVER_MS)
    }
    await clock.advance(15_000)
    await assert.rejects(
      registrar.keepalive({ ...ALICE, userEndpointId: 'phone' }, FOREVER_MS),
      hasCode('endpoint_unknown'),
    )
    await assert.rejects(
      registrar.unregister({ ...ALICE, userEndpointId: 'phone' }),
      hasCode('endpoint_unknown'),
    )
    await registrar.close()
  })

  it('reminds once a period, at two thirds of it, and again after a keepalive', async () => {
    const { clock, registrar, seen, register } = setup()
    await register('tab', 30, true)
    await clock.advance(19_999)
    assert.deepEqual(seen, ['0 registered tab'])
    await clock.advance(100)
    assert.match(seen[1] ?? '', /^200\d\d remind tab$/)
    await clock.advance(5000)
    await registrar.keepalive({ ...ALICE, userEndpointId: 'tab' }, undefined)
    await clock.advance(20_100)
    assert.equal(seen.filter((line) => line.endsWith('remind tab')).length, 2)
    await clock.advance(10_100)
    assert.equal(seen.filter((line) => line.endsWith('remind tab')).length, 2)
    assert.match(seen.at(-1) ?? '', /expired tab$/)
    await registrar.close()
  })

  it('lets a jump of the wall clock expire nobody', async () => {
    const { clock, registrar, register } = setup()
    await register('phone', 15)
    clock.jumpWall(86_400_000)
    await clock.advance(14_000)
    assert.equal((await registrar.look([ALICE], {})).length, 1)
    clock.jumpWall(-172_800_000)
    await clock.advance(999)
    assert.equal((await registrar.look([ALICE], {})).length, 1)
    await registrar.close()
  })

  it('survives a callback that throws', async () => {
    const { clock, registrar, seen, register } = setup()
    await register('a', 5)
    await register('b', 5)
    seen.push = (...lines: string[]) => {
      if (lines.some((line) => line.endsWith('expired a'))) throw new Error('planted')
      return Array.prototype.push.apply(seen, lines)
    }
    await clock.advance(6000)
    assert.ok(seen.some((line) => line.endsWith('expired b')))
    assert.ok(seen.includes('registrar callback failed'))
    await registrar.close()
  })

  it('works off what is due in slices and lets others run between', async () => {
    const { clock, store, registrar, seen } = setup()
    for (let user = 0; user < 1200; user++)
      await store.registrations.register(
        {
          organizationId: 'acme',
          userId: `u${user}`,
          userEndpointId: 'p',
          keepAliveSeconds: 5,
          serverKeepAliveReminderOn: false,
          authorizedUntilWallMs: FOREVER_MS,
        },
        3,
      )
    await clock.advance(5100)
    assert.equal(seen.filter((line) => line.includes('expired')).length, 1200)
    await registrar.close()
  })

  it('makes ids, bounds what it is asked for, and changes nothing when it refuses', async () => {
    const { registrar, register } = setup()
    assert.equal((await register(undefined, 5)).userEndpointId, 'made-1')
    for (const seconds of [0, -1, 86_401, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      await assert.rejects(register('x', seconds), hasCode('invalid_request'))
    for (const id of ['a/b', '#', '+', '$SYS', 'x'.repeat(129), '\u0000', '\ud800'])
      await assert.rejects(register(id, 5), hasCode('invalid_request'))
    await register('__proto__', 5)
    await register('constructor', 5)
    await assert.rejects(register('one-too-many', 5), hasCode('too_many_endpoints'))
    await register('constructor', 50)
    const ids = (await registrar.look([ALICE], {})).map(({ registration }) => registration.userEndpointId)
    assert.deepEqual(ids.sort(), ['__proto__', 'constructor', 'made-1'])
    await registrar.close()
  })
})
