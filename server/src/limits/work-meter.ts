import type { Clock } from '../clock/clock.ts'
import { type Bucket, Buckets, type Rate } from './buckets.ts'
import { networkOf } from './network.ts'

/** Whose work it is. Without an organization: role SERVICE, which has none. */
export type Worker = { readonly organizationId: string | null; readonly userId: string }

/**
 * Meters work that is not counted by its number but costs what it takes: processor time, in milliseconds, from token
 * buckets of a caller and of its organization, or, for strangers, of their address. It is spent after it was done, so
 * that nobody has to guess; who is in debt has to wait before anything more is begun.
 */
export interface WorkMeter {
  /** Before dear work is begun. @throws RateLimited while the caller or its organization is in debt */
  admit(worker: Worker): void
  /** After it: `costMs` milliseconds of processor time. */
  spend(worker: Worker, costMs: number): void
  /** Does the work and spends what it took. @throws RateLimited, and then nothing was done */
  run<T>(worker: Worker, work: () => T): T
  /** The same for whoever has not shown who it is; returns whose turn it is: its network's. @throws RateLimited */
  admitStranger(remoteAddress: string): string
  spendStranger(remoteAddress: string, costMs: number): void
  /** What was spent since the start, whether or not anybody had to pay; milliseconds. */
  readonly spentMs: { readonly caller: number; readonly stranger: number }
}

/** Milliseconds of processor time a second, and at once. 0 a second: no limit. */
export type WorkRates = { readonly caller: Rate; readonly organization: Rate; readonly address: Rate }

type Share = readonly [Buckets, Bucket]

export function createWorkMeter(rates: WorkRates, clock: Pick<Clock, 'monotonicMs'>): WorkMeter {
  const callers = new Buckets('work-caller', rates.caller)
  const organizations = new Buckets('work-organization', rates.organization)
  const addresses = new Buckets('work-address', rates.address)

  // Who is asked for is mostly asked for again at once: before its work is begun, and after it.
  let last: Worker | undefined
  let lastKey = ''
  const keyOf = (worker: Worker): string => {
    if (worker !== last) lastKey = JSON.stringify([worker.organizationId, worker.userId])
    last = worker
    return lastKey
  }

  const sharesOf = (worker: Worker): readonly Share[] => {
    const { organizationId } = worker
    const shares: Share[] = []
    if (!callers.isOff) shares.push([callers, callers.of(keyOf(worker))])
    if (!organizations.isOff && organizationId !== null)
      shares.push([organizations, organizations.of(organizationId)])
    return shares
  }
  const sharesOfStranger = (remoteAddress: string): readonly Share[] =>
    addresses.isOff ? [] : [[addresses, addresses.of(networkOf(remoteAddress))]]

  function admit(shares: readonly Share[]): void {
    const nowMs = clock.monotonicMs()
    for (const [buckets, bucket] of shares) buckets.check(bucket, 1, nowMs)
  }
  function spend(shares: readonly Share[], costMs: number): void {
    const nowMs = clock.monotonicMs()
    for (const [buckets, bucket] of shares) buckets.take(bucket, costMs, nowMs)
  }
  const spentMs = { caller: 0, stranger: 0 }
  return {
    spentMs,
    admit: (worker) => admit(sharesOf(worker)),
    spend(worker, costMs) {
      spentMs.caller += costMs
      spend(sharesOf(worker), costMs)
    },
    run(worker, work) {
      const shares = sharesOf(worker)
      admit(shares)
      const startedMs = clock.monotonicMs()
      try {
        return work()
      } finally {
        const costMs = clock.monotonicMs() - startedMs
        spentMs.caller += costMs
        spend(shares, costMs)
      }
    },
    admitStranger(remoteAddress) {
      admit(sharesOfStranger(remoteAddress))
      return networkOf(remoteAddress)
    },
    spendStranger(remoteAddress, costMs) {
      spentMs.stranger += costMs
      spend(sharesOfStranger(remoteAddress), costMs)
    },
  }
}
