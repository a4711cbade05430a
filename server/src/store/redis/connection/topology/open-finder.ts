import type { Clock } from '../../../../clock/clock.ts'
import { text } from '../answers.ts'
import { namingUser, SetupError } from '../setup.ts'
import { type Address, openWire } from '../wire.ts'
import { Asker } from './asker.ts'
import { ClusterFinder } from './cluster.ts'
import { type Finder, type Kind, planOfOne } from './plan.ts'
import { SentinelFinder } from './sentinel.ts'

/** Where Redis is: one server, some of a Redis Cluster, or sentinels that know the primary of this name. */
export type Place = { readonly addresses: readonly [Address, ...Address[]]; readonly master?: string }

export type Found = { readonly finder: Finder; readonly kind: Kind }

/** @throws Error where nobody answers, SetupError where what is there cannot be what was named */
export async function openFinder({ addresses, master }: Place, clock: Clock): Promise<Found> {
  const [first] = addresses
  const sleep = (ms: number) => clock.sleep(ms)
  if (master !== undefined) {
    const askers = addresses.map((address) => sentinelAsker(address, clock))
    return { kind: 'sentinel', finder: new SentinelFinder(master, first, askers) }
  }
  const askerOf = (address: Address) =>
    new Asker({ connect: (onLost) => openWire(address, clock, onLost), sleep, isGuestFirst: false })
  if (await isCluster(addresses, askerOf)) {
    if ((first.database ?? 0) !== 0)
      throw new SetupError('A Redis Cluster has no databases: leave the number out of REDIS_URL.')
    return { kind: 'cluster', finder: new ClusterFinder(addresses, askerOf) }
  }
  if (addresses.length > 1)
    throw new SetupError(
      'REDIS_URL names several addresses, and what is there is not a Redis Cluster. Name one; sentinels are named by redis+sentinel://.',
    )
  const plan = planOfOne(first)
  return { kind: 'single', finder: { find: async () => plan, close: () => {} } }
}

function sentinelAsker({ host, port, ...address }: Address, clock: Clock): Asker {
  const { username, password, database, ...guest } = address
  const credentials = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  }
  return new Asker({
    connect: (onLost, asGuest) =>
      openWire({ ...guest, ...(asGuest ? {} : credentials), host, port }, clock, onLost),
    sleep: (ms) => clock.sleep(ms),
    isGuestFirst: true,
  })
}

/** Whoever answers first knows. */
async function isCluster(
  addresses: readonly Address[],
  askerOf: (address: Address) => Asker,
): Promise<boolean> {
  const askers = addresses.map(askerOf)
  try {
    const infos = askers.map(async (asker) => text(await asker.ask('INFO', ['cluster'])))
    return (await Promise.any(infos)).includes('cluster_enabled:1')
  } catch (error) {
    const [first] = error instanceof AggregateError ? error.errors : [error]
    throw namingUser(first)
  } finally {
    for (const asker of askers) asker.close()
  }
}
