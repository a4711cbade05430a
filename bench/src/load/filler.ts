import { CLOCK_ENTRY, REDIS_STORE_ENTRY, STORE_ENTRY } from '../lab/entry.ts'
import { endpointId, ORGANIZATION, userId } from './roster.ts'

// A process of its own: registers endpoints in a data folder as the server would, through its store, and says when all of them
// are durable. `filler FOLDER COUNT ENDPOINTS_PER_USER`, or the URL of a Redis in the folder's place; whoever started it ends it.

/** Durable together. */
const BATCH = 2_000
const KEEP_ALIVE_SECONDS = 86_400

/** What this needs of the built server, which is no package of ours to import. */
type Store = {
  readonly registrations: {
    register(request: object, endpointsMax: number): Promise<{ readonly kind: string }>
  }
  hold(): () => void
}
type StoreDoor = {
  openFolderStore(options: { readonly dataDir: string; readonly clock: unknown }): Promise<Store>
}
type RedisDoor = {
  connectRedis(
    options: { readonly [name in 'url' | 'name' | 'id']: string } & { readonly clock: unknown },
  ): Promise<{
    openStore(options: object): Promise<{ readonly store: Store }>
  }>
}
type ClockDoor = { systemClock(): unknown }

async function openStore(place: string): Promise<Store> {
  const { systemClock }: ClockDoor = await import(CLOCK_ENTRY)
  const clock = systemClock()
  if (!place.startsWith('redis:')) {
    const { openFolderStore }: StoreDoor = await import(STORE_ENTRY)
    return openFolderStore({ dataDir: place, clock })
  }
  const { connectRedis }: RedisDoor = await import(REDIS_STORE_ENTRY)
  const redis = await connectRedis({ url: place, name: 'filler', id: 'filler', clock })
  return (await redis.openStore({})).store
}

async function fill(place: string, count: number, endpointsPerUser: number): Promise<void> {
  const store = await openStore(place)
  const register = async (endpoint: number): Promise<void> => {
    const request = {
      ...{ organizationId: ORGANIZATION, userId: userId(Math.floor(endpoint / endpointsPerUser)) },
      ...{ userEndpointId: endpointId(endpoint), keepAliveSeconds: KEEP_ALIVE_SECONDS },
      ...{ serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 },
    }
    const { kind } = await store.registrations.register(request, endpointsPerUser)
    if (kind !== 'registered') throw new Error(`endpoint ${endpoint}: ${kind}`)
  }
  for (let from = 0; from < count; from += BATCH) {
    const release = store.hold()
    const batch = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => register(from + index))
    release()
    await Promise.all(batch)
  }
}

const [place = '', count, endpointsPerUser] = process.argv.slice(2)
await fill(place, Number(count), Number(endpointsPerUser))
process.send?.('filled')
