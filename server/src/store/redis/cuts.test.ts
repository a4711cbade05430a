import assert from 'node:assert/strict'
import { it } from 'node:test'
import { startCuttableProxy } from '../../../../test/helpers/cuttable-proxy.ts'
import { seededRandom } from '../../../../test/helpers/fake-clock.ts'
import { NO_REDIS, RedisServer } from '../../../../test/helpers/redis-server.ts'
import { systemClock } from '../../clock/clock.ts'
import { entriesOf } from '../contract/entries.ts'
import { openEngine } from './assembly.ts'

const SENDERS = 8
const EVENTS_EACH = 60
const USER = { organizationId: 'acme', userId: 'alice' }

it('what is sent under a token comes once, and answered in its order, however often the connection is cut before or after the reply', {
  skip: NO_REDIS ?? false,
}, async () => {
  const clock = systemClock()
  const server = await RedisServer.start()
  const proxy = await startCuttableProxy(server.port)
  const address = { host: '127.0.0.1', port: proxy.port }
  const { store, kill } = await openEngine({ address, partitions: 4, id: 'one', clock })
  const wanted = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
  const outcome = await store.registrations.register({ ...USER, userEndpointId: 'phone', ...wanted }, 1)
  assert(outcome.kind === 'registered')

  let undecided = 0
  let repeated = 0
  /** Until it is answered, as whoever retries does. */
  async function append(eventId: string): Promise<void> {
    const idempotency = { owner: USER, key: eventId, rememberMs: 60_000, token: eventId }
    const event = { eventId, payload: Buffer.from(eventId), sealed: false, acceptedAtWallMs: clock.wallMs() }
    for (;;) {
      try {
        const answer = await store.mailboxes.append({
          ...USER,
          ...{ event, idempotency, eventsMax: 10_000, bytesMax: 1e9 },
        })
        if (answer.repeated !== undefined) repeated++
        return
      } catch (error) {
        if ((error as { isUndecided?: boolean }).isUndecided === true) undecided++
        await clock.sleep(5)
      }
    }
  }

  const once = { done: [] as string[], undecided: 0 }
  /** Under no token: what nobody knows of is not sent again by anybody. */
  async function appendOnce(eventId: string): Promise<void> {
    const event = { eventId, payload: Buffer.from(eventId), sealed: false, acceptedAtWallMs: clock.wallMs() }
    try {
      await store.mailboxes.append({ ...USER, event, eventsMax: 10_000, bytesMax: 1e9 })
      once.done.push(eventId)
    } catch (error) {
      if ((error as { isUndecided?: boolean }).isUndecided === true) once.undecided++
    }
  }

  const random = seededRandom('cuts')
  let isOver = false
  const cutting = (async () => {
    while (!isOver) {
      await clock.sleep(5 + (random.bytes(1)[0] ?? 0) / 8)
      proxy.cut()
      await clock.sleep(5)
      proxy.restore()
    }
  })()
  const senders = Array.from({ length: SENDERS }, async (_, sender) => {
    for (let count = 0; count < EVENTS_EACH; count++) await append(`${sender}-${count}`)
  })
  const unnamed = (async () => {
    for (let count = 0; count < EVENTS_EACH; count++) await appendOnce(`once-${count}`)
  })()
  await Promise.all([...senders, unnamed])
  isOver = true
  await cutting
  await clock.sleep(200)

  const entries = await entriesOf(store, outcome.registration, 0, 10_000)
  const all = entries.map(({ eventId }) => eventId)
  const unnamedIds = all.filter((id) => id.startsWith('once-'))
  assert.equal(new Set(unnamedIds).size, unnamedIds.length, 'none twice that was sent without a token')
  assert.deepEqual(
    once.done.filter((id) => !unnamedIds.includes(id)),
    [],
  )
  assert.ok(unnamedIds.length <= once.done.length + once.undecided)
  const ids = all.filter((id) => !id.startsWith('once-'))
  assert.equal(ids.length, SENDERS * EVENTS_EACH)
  assert.equal(new Set(ids).size, ids.length, 'none twice')
  for (let sender = 0; sender < SENDERS; sender++) {
    const own = ids.filter((id) => id.startsWith(`${sender}-`))
    assert.deepEqual(
      own,
      Array.from({ length: EVENTS_EACH }, (_, count) => `${sender}-${count}`),
    )
  }
  assert.deepEqual(await store.totals(), {
    registrations: 1,
    mailboxEvents: all.length,
    mailboxBytes: all.join('').length,
  })
  assert(undecided > 0 && repeated > 0, `${undecided} undecided, ${repeated} found done`)
  kill()
  await proxy.close()
  await server.close()
})
