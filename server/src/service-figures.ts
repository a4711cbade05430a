import type { Cluster } from './cluster/cluster.ts'
import type { Delivery } from './delivery/delivery.ts'
import { type Limits, sharesOf } from './limits/limits.ts'
import type { Statistics } from './observe/observe.ts'

type Counts = ReturnType<Statistics['read']>
type Shares = ReturnType<typeof sharesOf>

/** What one process has counted of an organization since it was started, and what it has of it now. */
type Counted = {
  readonly sinceWallMs: number
  readonly connected: number
  readonly counts: Counts
  readonly shares: Shares
}

/** The same of all processes of the service together, as far as they answered. */
export type ServiceCounted = Counted & {
  readonly nodes: { readonly answered: number; readonly silent: readonly string[] }
}

/** What each process counts for itself, added up. */
export interface ServiceFigures {
  /**
   * What was counted of an organization; `null`: of all. It is all there from the latest start of any of the processes on.
   *
   * @throws RollcallError `unavailable`
   */
  read(organizationId: string | null): Promise<ServiceCounted>
  /** How many endpoints of each organization have a link, at whatever process that answers. @throws RollcallError `unavailable` */
  connected(organizationIds: readonly string[]): Promise<readonly number[]>
}

export type ServiceFiguresOptions = {
  readonly cluster: Pick<Cluster, 'requests'>
  readonly delivery: Pick<Delivery, 'connected'>
  readonly statistics: Pick<Statistics, 'read' | 'sinceWallMs'>
  readonly limits: Pick<Limits, 'ledger'>
}

/** How long another process has to answer, milliseconds: whoever looks at figures looks again. */
const WITHIN_MS = 1_000

export function createServiceFigures(options: ServiceFiguresOptions): ServiceFigures {
  const { cluster, delivery } = options
  const connectedHere = (ids: readonly string[]) => ids.map((id) => delivery.connected(id))
  cluster.requests.answer('counted', (question) => encode(countedHere(options, decode(question))))
  cluster.requests.answer('connected', (question) => encode(connectedHere(decode(question))))
  return {
    async read(organizationId) {
      const { answers, silent } = await cluster.requests.gather('counted', encode(organizationId), WITHIN_MS)
      let sum = countedHere(options, organizationId)
      const unlike: string[] = []
      for (const [node, answer] of answers) {
        const counted: Counted = decode(answer)
        // Of another version, that counts by other bounds.
        if (isAlike(sum, counted)) sum = added(sum, counted)
        else unlike.push(node)
      }
      const answered = 1 + answers.size - unlike.length
      return { ...sum, nodes: { answered, silent: [...silent, ...unlike] } }
    },
    async connected(organizationIds) {
      const { answers } = await cluster.requests.gather('connected', encode(organizationIds), WITHIN_MS)
      const lists = [...answers.values()].map((answer) => decode<readonly number[]>(answer))
      return lists.reduce(addedLists, connectedHere(organizationIds))
    },
  }
}

function countedHere(
  { delivery, statistics, limits }: ServiceFiguresOptions,
  organizationId: string | null,
): Counted {
  return {
    sinceWallMs: statistics.sinceWallMs,
    connected: delivery.connected(organizationId ?? undefined),
    counts: statistics.read(organizationId),
    shares: sharesOf(limits.ledger, organizationId),
  }
}

function isAlike(one: Counted, other: Counted): boolean {
  const boundsOf = ({ counts }: Counted) => [counts.deliveryMs.bounds, counts.expiryLatenessMs.bounds].join()
  return boundsOf(one) === boundsOf(other)
}

function added(one: Counted, other: Counted): Counted {
  const [a, b] = [one.counts, other.counts]
  return {
    sinceWallMs: Math.max(one.sinceWallMs, other.sinceWallMs),
    connected: one.connected + other.connected,
    counts: {
      qos0: addedNumbers(a.qos0, b.qos0),
      qos1: addedNumbers(a.qos1, b.qos1),
      ended: addedNumbers(a.ended, b.ended),
      deliveryMs: {
        bounds: a.deliveryMs.bounds,
        qos0: addedLists(a.deliveryMs.qos0, b.deliveryMs.qos0),
        qos1: addedLists(a.deliveryMs.qos1, b.deliveryMs.qos1),
      },
      expiryLatenessMs: {
        bounds: a.expiryLatenessMs.bounds,
        counts: addedLists(a.expiryLatenessMs.counts, b.expiryLatenessMs.counts),
      },
    },
    shares: addedShares(one.shares, other.shares),
  }
}

/** What another version does not count is nothing. */
function addedNumbers<Name extends string>(
  one: Readonly<Record<Name, number>>,
  other: Readonly<Partial<Record<Name, number>>>,
): Record<Name, number> {
  const names = Object.keys(one) as Name[]
  return Object.fromEntries(names.map((name) => [name, one[name] + (other[name] ?? 0)])) as Record<
    Name,
    number
  >
}

function addedLists(one: readonly number[], other: readonly number[]): readonly number[] {
  return one.map((number, at) => number + (other[at] ?? 0))
}

/** Each process has its own of what is shared. */
function addedShares(one: Shares, other: Partial<Shares>): Shares {
  const things = Object.keys(one) as (keyof Shares)[]
  const sums = things.map((thing) => [thing, addedNumbers(one[thing], other[thing] ?? {})] as const)
  return Object.fromEntries(sums) as Shares
}

function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value))
}

function decode<Of>(bytes: Uint8Array): Of {
  return JSON.parse(Buffer.from(bytes).toString())
}
