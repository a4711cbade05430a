import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { connectAsync } from 'mqtt'
import { systemRandom } from '../../server/src/clock/clock.ts'
import { readConfiguration } from '../../server/src/config/config.ts'
import { createLog } from '../../server/src/observe/observe.ts'
import { startServer } from '../../server/src/server.ts'
import { openFolderStore } from '../../server/src/store/embedded/embedded.ts'
import type { Store, StoreTotals } from '../../server/src/store/store.ts'
import { signIn, tokenOf } from '../helpers/demo.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { readAnswer, requestText } from '../helpers/lane-scene.ts'
import { openRaw } from '../helpers/raw-link.ts'
import { eventually, makeDataDir } from '../helpers/run-server.ts'
import { ofTheFlow, Walk } from '../helpers/walk.ts'

const NO_PAGES = { console: '/nowhere', ring: '/nowhere' }

/**
 * Files of `http`, `mqtt`, `delivery` and `registrar` that somebody has to read who follows one.
 *
 * Counted in this way, an event went through 34 files of them at 701bfba, where the count began, and through 60 with the store and
 * its engine; an endpoint through 16, through 20 with `clock` and `limits`, and 38 with the store. Today it is 36 and 87, 12 and 49:
 * an engine of our own, in small files, took the place of one over LMDB, and is no part of the walk: who follows an event
 * reads the ports.
 */
const EVENT_FILES_MAX = 40
const ENDPOINT_FILES_MAX = 15

/** A whole server whose clock stands, so that nothing runs but what is asked of it. */
async function open(t: TestContext) {
  const dataDir = await makeDataDir()
  const configuration = readConfiguration(
    { DATA_DIR: dataDir.path, PORT: '0', DRAIN_SECONDS: '0' },
    undefined,
  )
  const clock = createFakeClock()
  const stores: Store[] = []
  const { url, close } = await startServer(configuration, {
    ...{ clock, random: systemRandom(), log: createLog('silent'), pageFolders: NO_PAGES },
    async openStore(options) {
      const store = await openFolderStore(options)
      stores.push(store)
      return store
    },
  })
  const walk = new Walk()
  t.after(async () => {
    walk.stop()
    await close()
    await dataDir.remove()
  })
  await walk.start()
  /** Over a connection of its own, as the usual client asks. Returns the files that it went through. */
  const ask = async (path: string, body: object, token: string): Promise<readonly string[]> => {
    const link = await openRaw(t, Number(new URL(url).port))
    await walk.files()
    link.send(Buffer.from(requestText(path, body, { Authorization: `Bearer ${token}` })))
    assert.match(await readAnswer(link), /^HTTP\/1\.1 20\d /)
    return walk.files()
  }
  const held = async (): Promise<StoreTotals> => {
    const [store] = stores
    assert(store !== undefined)
    return store.totals()
  }
  return { clock, url, walk, ask, held }
}

test('a QoS 1 event goes from the bytes of its request to its acknowledgement through 40 files of the flow', async (t) => {
  const { url, walk, ask, held } = await open(t)
  const { accessToken } = await signIn(url, 'bob')
  const backend = await tokenOf(url, 'acme-backend')
  await ask('/users/endpoints', { userEndpointId: 'phone', keepAliveSeconds: 600 }, accessToken)
  const login = { username: 'bob', password: accessToken, clientId: 'phone', protocolVersion: 5 } as const
  const phone = await connectAsync(`${url.replace('http', 'ws')}/ws`, login)
  t.after(() => phone.endAsync(true))
  await phone.subscribeAsync('users/endpoints/phone', { qos: 1 })
  const event = {
    userId: 'bob',
    qos: 1,
    event: { type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z' },
  }
  const ring = async (): Promise<readonly string[]> => {
    const sent = await ask('/users/endpoints/sendEvent', event, backend)
    await eventually(async () => (await held()).mailboxEvents === 0, 'it is acknowledged')
    return [...new Set([...sent, ...(await walk.files())])].sort()
  }
  // The first is of somebody whose token nobody has seen, and takes the long way.
  await ring()
  const files = await ring()
  const flow = ofTheFlow(files)
  for (const known of [
    'http/lane/fast-lane',
    'delivery/send-event',
    'delivery/endings',
    'mqtt/session/in-flight',
  ])
    assert.ok(flow.includes(`server/src/${known}.ts`), `${known} is seen to run`)
  assert.ok(flow.length <= EVENT_FILES_MAX, `${flow.length}: ${flow.join(' ')}`)
  t.diagnostic(`${flow.length} files of the flow, ${files.length} with the ground and who may`)
})

test('register, keepalive and expiry go through 15 files of the flow', async (t) => {
  const { clock, url, walk, ask, held } = await open(t)
  const { accessToken } = await signIn(url, 'bob')
  await ask('/users/endpoints', { userEndpointId: 'tab', keepAliveSeconds: 600 }, accessToken)
  // Time passes only while the store can write, which takes its own.
  const pass = async (isOver: () => Promise<boolean>) => {
    await walk.files()
    await eventually(async () => {
      await clock.advance(500)
      return isOver()
    }, 'its time is over')
    return walk.files()
  }
  const untilMs = clock.monotonicMs() + 20_000
  const idle = await pass(async () => clock.monotonicMs() >= untilMs)
  const registered = await ask(
    '/users/endpoints',
    { userEndpointId: 'phone', keepAliveSeconds: 15 },
    accessToken,
  )
  const kept = await ask('/users/endpoints/keepalive', { userEndpointId: 'phone' }, accessToken)
  // What runs by the clock whether or not anybody expires is not on the way, but for the registrar's own.
  const isOwn = (file: string) => !idle.includes(file) || file.includes('/registrar/')
  const expired = (await pass(async () => (await held()).registrations === 1)).filter(isOwn)
  const flow = ofTheFlow([...new Set([...registered, ...kept, ...expired])].sort())
  for (const known of ['http/lane/fast-lane', 'registrar/registrar', 'registrar/expiry', 'delivery/receipts'])
    assert.ok(flow.includes(`server/src/${known}.ts`), `${known} is seen to run`)
  assert.ok(flow.length <= ENDPOINT_FILES_MAX, `${flow.length}: ${flow.join(' ')}`)
  t.diagnostic(`${flow.length} files of the flow`)
})
