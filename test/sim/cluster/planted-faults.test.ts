import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { NodeTable } from '../../../server/src/cluster/cluster.ts'
import type { Store } from '../../../server/src/store/store.ts'
import type { SimulatedNetwork } from '../../helpers/simulated-network.ts'
import { ClusterWorld, type ClusterWorldOptions } from './cluster-world.ts'
import { holdingOn } from './holding-on.ts'
import { twoPartitions } from './two-partitions.ts'

const SEEDS_MAX = 12
const STEPS = 250

/** The rules that a fault breaks in one of some seeds; the first seed that shows it ends the search. */
async function brokenBy(plant: Partial<ClusterWorldOptions>, seeds = SEEDS_MAX, first = 1): Promise<string> {
  for (let seed = first; seed < first + seeds; seed++) {
    const world = new ClusterWorld({ seed, nodes: 3, stopsAtViolation: true, ...plant })
    const { violations } = await world.run(STEPS)
    if (violations.length > 0) return violations.map(({ rule, text }) => `${rule}: ${text}`).join('\n')
  }
  return 'nothing'
}

function withLinks(store: Store, links: Partial<Store['links']>): Store {
  return { ...store, links: { ...store.links, ...links } }
}

function withMailboxes(store: Store, mailboxes: Partial<Store['mailboxes']>): Store {
  return { ...store, mailboxes: { ...store.mailboxes, ...mailboxes } }
}

/** Without the store's count, nobody finds what no message told. */
function deaf(store: Store): Store {
  const { neighbours } = store
  return neighbours === undefined
    ? store
    : { ...store, neighbours: { ...neighbours, told: async () => new Map() } }
}

describe('the simulated cluster finds', () => {
  it('a lost wake-up that nobody notices', async () => {
    const losesAll = (network: SimulatedNetwork): void => {
      network.mayPass = (_, subject) => subject !== 'delivery'
    }
    assert.match(await brokenBy({ plant: deaf, plantNetwork: losesAll }), /^R(1|3|11|13):/m)
    assert.equal(await brokenBy({ plantNetwork: losesAll }, 1), 'nothing', 'it is noticed')
  })

  it('the acknowledgement of another event', async () => {
    const plant = (store: Store): Store => {
      let before: Parameters<Store['mailboxes']['end']>[0][number] | undefined
      return withMailboxes(store, {
        end(entries, how, bounds, reason) {
          const meant = entries.map((entry) => {
            const other =
              before?.registration.registrationId === entry.registration.registrationId ? before : entry
            before = { ...entry, sequence: entry.sequence + 1 }
            return other
          })
          return store.mailboxes.end(meant as unknown as typeof entries, how, bounds, reason)
        },
      })
    }
    assert.match(await brokenBy({ plant }), /^R(1|4|8|13):/m)
  })

  it('a late detach of a former link that wins', async () => {
    const stores: Store[] = []
    const plant = (store: Store): Store => {
      stores.push(store)
      return withLinks(store, {
        async detach(registration, link, reason) {
          const [sighting] = await store.registrations.look([registration], { link: true })
          const linkId = sighting?.link?.linkId ?? link.linkId
          for (const one of stores) await one.links.detach(registration, { linkId }, reason)
        },
      })
    }
    assert.match(await brokenBy({ plant }), /^R(1|3|13):/m)
  })

  it('an early expiry', async () => {
    const plant = (store: Store): Store => ({
      ...store,
      registrations: {
        ...store.registrations,
        register: (request, max) =>
          store.registrations.register({ ...request, keepAliveSeconds: request.keepAliveSeconds - 2 }, max),
      },
    })
    assert.match(await brokenBy({ plant }), /^R6:/m)
  })

  it('a race that is set off twice', async () => {
    const plant = (store: Store): Store => ({
      ...store,
      calls: {
        ...store.calls,
        async answer(request, bounds) {
          const outcome = await store.calls.answer(request, bounds)
          return outcome.kind === 'elsewhere' ? { kind: 'repeated', durable: outcome.durable } : outcome
        },
      },
    })
    assert.match(await brokenBy({ plant }, SEEDS_MAX, 3), /^R9:/m)
  })

  it('a key that is forgotten at once, so that its repetition sends a second event', async () => {
    const plant = (store: Store): Store => ({
      ...store,
      replies: { ...store.replies, answer: (claim) => store.replies.release(claim) },
    })
    assert.match(await brokenBy({ plant }), /^R5:/m)
  })

  it('a claim that names no recipient, so that nobody can say what became of it', async () => {
    assert.equal(await brokenBy({ plant: twoPartitions((recipient) => recipient) }, 1), 'nothing')
    const nobody = { organizationId: '', userId: '' }
    assert.match(await brokenBy({ plant: twoPartitions(() => nobody) }, SEEDS_MAX, 6), /^R(4|5):/m)
  })

  it('two links at once that get the events of one endpoint', async () => {
    const plantNetwork = (network: SimulatedNetwork): void => {
      network.mayPass = (_, __, message) => !Buffer.from(message).includes('"taken_over"')
    }
    // From a seed on in which the two devices of one endpoint are at two processes.
    assert.match(await brokenBy({ plant: holdingOn(), plantNetwork }, SEEDS_MAX, 11), /^R(3|11):/m)
    assert.equal(await brokenBy({ plantNetwork }, 1), 'nothing', 'the former finds out by itself')
  })

  it('a receipt that nobody gave', async () => {
    const plant = (store: Store): Store =>
      withMailboxes(store, {
        async claim(entry, link) {
          const claimed = await store.mailboxes.claim(entry, link)
          if (claimed === 'in_flight')
            await store.mailboxes.end([entry], 'acknowledged', { eventsMax: 1000, bytesMax: 1e6 })
          return claimed
        },
      })
    assert.match(await brokenBy({ plant }), /^R(8|9):/m)
  })

  it('registrations that nobody lets expire', async () => {
    const nothing = { reminded: [], expired: [], lapsed: [], nextDueInMs: 1000 }
    const plant = (store: Store): Store => ({ ...store, sweep: async () => nothing })
    assert.match(await brokenBy({ plant }), /^R(7|10|13):/m)
  })

  it('a webhook whose position jumps', async () => {
    const plant = (store: Store): Store => ({
      ...store,
      feed: {
        ...store.feed,
        read: async (organizationId, after, max) =>
          (await store.feed.read(organizationId, after, max)).filter(({ sequence }) => sequence % 5 !== 0),
      },
    })
    assert.match(await brokenBy({ plant }), /^R10:/m)
  })

  it('a revocation that is confirmed before all others know of it', async () => {
    const plant = (store: Store): Store => ({
      ...store,
      revokedUsers: { ...store.revokedUsers, onChange: () => () => undefined },
    })
    assert.equal(await brokenBy({ plant }, 1), 'nothing', 'whoever revokes asks all others')
    const plantTable = (table: NodeTable): NodeTable => ({
      ...bound(table),
      // Each believes that it is alone.
      beat: async (node) => (await table.beat(node))?.filter((listed) => listed.node === node),
    })
    // From a seed on in which that shows before a device is woken by each of them.
    assert.match(await brokenBy({ plant, plantTable }, SEEDS_MAX, 4), /^R12:/m)
  })

  it('a process that says it has taken a change of the directory up, and has not', async () => {
    const withDirectory = (store: Store, directory: Partial<Store['directory']>): Store => ({
      ...store,
      directory: { ...store.directory, onChange: () => () => undefined, ...directory },
    })
    const plantDeaf = (store: Store): Store => withDirectory(store, {})
    assert.equal(await brokenBy({ plant: plantDeaf }, 1), 'nothing', 'whoever changes it asks all others')
    const plant = (store: Store): Store => {
      const first = store.directory.read()
      return withDirectory(store, {
        read: async () => ({ ...(await first), revision: (await store.directory.read()).revision }),
      })
    }
    assert.match(await brokenBy({ plant }), /^R14:/m)
  })
})

function bound(table: NodeTable): NodeTable {
  return {
    join: (node) => table.join(node),
    beat: (node) => table.beat(node),
    bury: (node) => table.bury(node),
    remove: (node) => table.remove(node),
  }
}
