import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Statistics } from '../../server/src/observe/observe.ts'
import { createRegistrar } from '../../server/src/registrar/registrar.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'

const NEVER_MS = 4_000_000_000_000
const REFUSED = { code: 'unavailable', retryAfterSeconds: 30 }

function setup(registrationsMax: number, organizationSharePercent?: number) {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  let made = 0
  const registrar = createRegistrar({
    ...{ store, clock, newId: () => `made-${++made}`, statistics: new Statistics(0) },
    log: { error: (message) => assert.fail(message) },
    limits: {
      ...{ keepAliveSecondsMax: 86_400, endpointsPerUserMax: 1_000, registrationsMax },
      ...(organizationSharePercent === undefined ? {} : { organizationSharePercent }),
    },
    mayEvict: true,
    onRegistered: () => undefined,
    onReminderDue: () => undefined,
    onExpired: () => undefined,
    onUnregistered: () => undefined,
    onLapsed: () => undefined,
  })
  const register = (organizationId: string, userEndpointId?: string) =>
    registrar.register(
      { organizationId, userId: 'u' },
      { userEndpointId, keepAliveSeconds: 3_600, serverKeepAliveReminderOn: false },
      NEVER_MS,
    )
  /** How many until it is refused. */
  const fill = async (organizationId: string): Promise<number> => {
    for (let count = 0; ; count++)
      try {
        await register(organizationId)
      } catch (error) {
        assert.deepEqual([Reflect.get(error as object, 'code')], ['unavailable'])
        return count
      }
  }
  return { clock, registrar, register, fill }
}

test('one organization gets half of the registrations that there may be, and a newcomer always finds some', async () => {
  const { fill, registrar } = setup(200)
  assert.equal(await fill('greedy'), 100)
  assert.equal(await fill('second'), 50)
  assert.ok((await fill('newcomer')) >= 16)
  const { used, max, refused } = registrar.share()
  assert.deepEqual([used > 160, max, refused.full], [true, 200, 0])
  assert.equal(refused.share, 3)
})

test('whoever is registered is refreshed and kept alive all the same, and room that is given back is found', async () => {
  const { fill, register, registrar, clock } = setup(100)
  const first = await register('greedy', 'first')
  await fill('greedy')
  const again = await register('greedy', 'first')
  assert.equal(again.registrationId, first.registrationId)
  await registrar.keepalive(first, undefined)
  await assert.rejects(register('greedy', 'another'), REFUSED)
  await registrar.unregister(first)
  await clock.advance(1_000)
  await register('greedy', 'another')
})

test('a share of 100 is none, and the bound is one for everybody', async () => {
  const { fill, register, registrar } = setup(40, 100)
  assert.equal(await fill('greedy'), 40)
  await assert.rejects(register('newcomer'), REFUSED)
  assert.deepEqual(registrar.share().refused, { share: 0, full: 2 })
})
