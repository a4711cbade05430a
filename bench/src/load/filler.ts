import { CLOCK_ENTRY, STORE_ENTRY } from '../lab/entry.ts'
import { endpointId, ORGANIZATION, userId } from './roster.ts'

// A process of its own: registers endpoints in a data folder as the server would, through its store, and says when all of them
// are durable. `filler FOLDER COUNT ENDPOINTS_PER_USER`; whoever started it ends it.

/** Durable together. */
const BATCH = 2_000
const KEEP_ALIVE_SECONDS = 86_400

/** What this needs of the built server, which is no package of ours to import. */
type StoreDoor = {
  openFolderStore(options: { readonly dataDir: string; readonly clock: unknown }): Promise<{
    readonly registrations: {
      register(request: object, endpointsMax: number): Promise<{ readonly kind: string }>
    }
    hold(): () => void
  }>
}
type ClockDoor = { systemClock(): unknown }

async function fill(dataDir: string, count: number, endpointsPerUser: number): Promise<void> {
  const { openFolderStore }: StoreDoor = await import(STORE_ENTRY)
  const { systemClock }: ClockDoor = await import(CLOCK_ENTRY)
  const store = await openFolderStore({ dataDir, clock: systemClock() })
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

const [folder = '', count, endpointsPerUser] = process.argv.slice(2)
await fill(folder, Number(count), Number(endpointsPerUser))
process.send?.('filled')
