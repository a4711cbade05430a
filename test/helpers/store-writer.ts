import { systemClock } from '../../server/src/clock/clock.ts'
import { openFolderStore } from '../../server/src/store/embedded/embedded.ts'

const WANTED = { keepAliveSeconds: 3600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }

/**
 * A process that writes to a store until it is killed, and says line by line what was confirmed to it:
 * `{"registered":user}`, `{"appended":[user,eventId]}`, `{"unregistered":user}`; and, before it asks for that,
 * `{"unregistering":user}`.
 *
 * @param dataDir first argument
 * @param life second argument: a number that keeps the ids of one process apart from those of others
 */
async function write(dataDir: string, life: string): Promise<void> {
  const clock = systemClock()
  const store = await openFolderStore({ dataDir, clock })
  const say = (what: object) => process.stdout.write(`${JSON.stringify(what)}\n`)

  /** To two endpoints, which share it, one of which goes. */
  async function sendLarge(userId: string): Promise<void> {
    const tab = { organizationId: 'acme', userId, userEndpointId: 'tab', ...WANTED }
    await store.registrations.register(tab, 2)
    const eventId = `${userId} large`
    const payload = Buffer.from(eventId.padEnd(10_000))
    const event = { eventId, payload, sealed: false, acceptedAtWallMs: 0 }
    const request = { organizationId: 'acme', userId, event, eventsMax: 10, bytesMax: 1e6 }
    const { accepted } = await store.mailboxes.append(request)
    if (accepted.length === 2) say({ appended: [userId, eventId] })
    await store.registrations.unregister(tab)
  }

  async function work(worker: number): Promise<void> {
    for (let count = 0; ; count++) {
      const userId = `${life}/${worker}/${count}`
      const endpoint = { organizationId: 'acme', userId, userEndpointId: 'phone' }
      await store.registrations.register({ ...endpoint, ...WANTED }, 2)
      say({ registered: userId })
      if (count % 5 === 0) await sendLarge(userId)
      for (const eventId of [`${userId} first`, `${userId} second`]) {
        const event = { eventId, payload: Buffer.from(eventId), sealed: false, acceptedAtWallMs: 0 }
        const request = { ...endpoint, event, eventsMax: 10, bytesMax: 1e6 }
        const { accepted } = await store.mailboxes.append(request)
        if (accepted.length === 1) say({ appended: [userId, eventId] })
      }
      if (count % 3 !== 0) continue
      say({ unregistering: userId })
      await store.registrations.unregister(endpoint)
      say({ unregistered: userId })
    }
  }
  await Promise.all(Array.from({ length: 20 }, (_, worker) => work(worker)))
}

await write(process.argv[2] ?? '', process.argv[3] ?? '')
