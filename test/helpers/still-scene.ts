import { Statistics } from '../../server/src/observe/observe.ts'
import { createRegistrar, type Registrar } from '../../server/src/registrar/registrar.ts'
import { openEmbeddedStore } from '../../server/src/store/embedded/embedded.ts'
import type { Registration, Store } from '../../server/src/store/store.ts'
import { createFakeClock, type FakeClock } from './fake-clock.ts'
import { FakeDisk } from './fake-disk.ts'
import { entriesOf } from './mailbox-entries.ts'

const ALICE = { organizationId: 'acme', userId: 'alice' }
const FOREVER_MS = 9_000_000_000_000

/** What a scene's endpoints do; each is named by its id. */
export type Endpoints = {
  register(name: string, keepAliveSeconds: number, reminder?: boolean): Promise<Registration>
  keepalive(name: string): Promise<unknown>
  /** Puts an event into its mailbox and gives its sequence. */
  send(name: string, payload: string): Promise<number>
  /** Sequences that wait. */
  waiting(name: string): Promise<readonly number[]>
}

export type StillScene = {
  readonly clock: FakeClock
  readonly disk: FakeDisk
  /** Whether the server sheds what is new. */
  readonly load: { isOverloaded: boolean }
  readonly store: Store
  readonly registrar: Registrar
  readonly scene: Endpoints
  /** Endpoints that expired, in order; and that were reminded. */
  readonly ended: readonly string[]
  readonly reminded: readonly string[]
  close(): Promise<void>
}

/** The real registrar and store engine, on a disk that can refuse, under a clock that can stand still. */
export async function openStillScene(): Promise<StillScene> {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const load = { isOverloaded: false }
  const store = await openEmbeddedStore({
    ...{ rows: disk.open(), clock },
    isOverloaded: () => load.isOverloaded,
  })
  const ended: string[] = []
  const reminded: string[] = []
  const registrar = createRegistrar({
    store,
    clock,
    newId: () => 'made',
    statistics: new Statistics(0),
    log: { error: (message) => void ended.push(`error: ${message}`) },
    limits: { keepAliveSecondsMax: 86_400, endpointsPerUserMax: 100 },
    onRegistered: () => undefined,
    onReminderDue: ({ userEndpointId }) => void reminded.push(userEndpointId),
    onExpired: ({ userEndpointId }) => void ended.push(userEndpointId),
    onUnregistered: () => undefined,
    onLapsed: () => undefined,
    mayEvict: false,
  })
  registrar.start()
  const scene = endpoints(registrar, store, clock)
  return { clock, disk, load, store, registrar, scene, ended, reminded, close: () => store.close() }
}

function endpoints(registrar: Registrar, store: Store, clock: FakeClock): Endpoints {
  return {
    register(userEndpointId, keepAliveSeconds, serverKeepAliveReminderOn = false) {
      const wanted = { userEndpointId, keepAliveSeconds, serverKeepAliveReminderOn }
      return registrar.register(ALICE, wanted, FOREVER_MS)
    },
    keepalive: (userEndpointId) => registrar.keepalive({ ...ALICE, userEndpointId }, FOREVER_MS),
    async send(userEndpointId, text) {
      const acceptedAtWallMs = clock.wallMs()
      const event = { eventId: text, payload: Buffer.from(text), sealed: false, acceptedAtWallMs }
      const request = { ...ALICE, userEndpointId, event, eventsMax: 100, bytesMax: 1e6 }
      const { accepted } = await store.mailboxes.append(request)
      return accepted[0]?.sequence ?? 0
    },
    async waiting(userEndpointId) {
      const registration = await registrar.find({ ...ALICE, userEndpointId })
      if (registration === undefined) return []
      const entries = await entriesOf(store, registration)
      return entries.map(({ sequence }) => sequence)
    },
  }
}
