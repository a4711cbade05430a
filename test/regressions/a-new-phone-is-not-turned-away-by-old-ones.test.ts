import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { readConfiguration } from '../../server/src/config/config.ts'
import { Statistics } from '../../server/src/observe/observe.ts'
import { createRegistrar, type RegistrarOptions } from '../../server/src/registrar/registrar.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { linkOf } from '../helpers/mailbox-entries.ts'

const ALICE = { organizationId: 'acme', userId: 'alice' }
const DAY_SECONDS = 86_400

/** A user with three old devices, as many as it may have, silent for hours; their ids from the longest silent one on. */
async function full(t: TestContext, isLinked: (userEndpointId: string) => boolean, mayEvict = true) {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const ended: string[] = []
  const statistics = new Statistics(0)
  const options: RegistrarOptions = {
    store,
    clock,
    newId: () => 'made',
    statistics,
    log: { error: () => undefined },
    limits: { keepAliveSecondsMax: DAY_SECONDS, endpointsPerUserMax: 3 },
    mayEvict,
    onRegistered: () => undefined,
    onLapsed: () => undefined,
    onReminderDue: () => undefined,
    onExpired: () => undefined,
    onUnregistered: ({ userEndpointId }) => void ended.push(userEndpointId),
  }
  const registrar = createRegistrar(options)
  t.after(() => registrar.close())
  const register = (userEndpointId: string) =>
    registrar.register(
      ALICE,
      { userEndpointId, keepAliveSeconds: DAY_SECONDS, serverKeepAliveReminderOn: false },
      9e12,
    )
  for (const id of ['old-1', 'old-2', 'old-3']) {
    const registration = await register(id)
    if (isLinked(id)) await store.links.attach(registration, linkOf(1))
    await clock.advance(3_600_000)
  }
  const list = async () =>
    (await registrar.look([ALICE], {})).map(({ registration }) => registration.userEndpointId)
  return { registrar, register, list, ended, statistics }
}

const tooMany = (words: RegExp) => (error: unknown) =>
  error instanceof RollcallError && error.code === 'too_many_endpoints' && words.test(error.message)

test('the device without a link that was silent longest makes room, and whoever keeps links is told', async (t) => {
  const { register, list, ended, statistics } = await full(t, (id) => id === 'old-1')
  await register('new')
  assert.deepEqual(await list(), ['old-1', 'old-3', 'new'])
  assert.deepEqual([ended, statistics.total().ended.evicted], [['old-2'], 1])
})

test('a device that is connected is never taken away: the message says what to do', async (t) => {
  const { register, list } = await full(t, () => true)
  await assert.rejects(register('new'), tooMany(/may have 3 endpoints.*connected.*Unregister one/))
  assert.deepEqual(await list(), ['old-1', 'old-2', 'old-3'])
})

test('ENDPOINTS_FULL=refuse refuses as before', async (t) => {
  assert.equal(readConfiguration({}, undefined).endpointsFull, 'evict')
  assert.equal(readConfiguration({ ENDPOINTS_FULL: 'refuse' }, undefined).endpointsFull, 'refuse')
  assert.throws(
    () => readConfiguration({ ENDPOINTS_FULL: 'drop' }, undefined),
    /ENDPOINTS_FULL: must be evict or refuse/,
  )
  const { register, list } = await full(t, () => false, false)
  await assert.rejects(register('new'), tooMany(/may have 3 endpoints\. Unregister one/))
  assert.deepEqual(await list(), ['old-1', 'old-2', 'old-3'])
})
