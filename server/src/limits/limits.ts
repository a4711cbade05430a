import { BULK_BYTES_MAX } from '@rollcall/protocol/limits'
import type { Clock } from '../clock/clock.ts'
import { Buckets } from './buckets.ts'
import { createLedger, type Ledger, type ShareSettings } from './ledger.ts'
import { Shedding } from './shedding.ts'
import { createSignInLimits, type SignInLimits } from './sign-in-limits.ts'
import { Turns } from './turns.ts'
import { createWorkMeter, type WorkMeter } from './work-meter.ts'

export {
  doerOf,
  figuresOf,
  type Holder,
  holderOf,
  type Ledger,
  type ShareSettings,
  senderInto,
  sharesOf,
  strangerAt,
} from './ledger.ts'
export type { Pool } from './pool.ts'
export { RateLimited } from './rate-limited.ts'
export type { Dear, Shedding } from './shedding.ts'
export type { SignInLimits, SignInOutcome, Stake } from './sign-in-limits.ts'
export { turnOf } from './turns.ts'
export type { Worker, WorkMeter } from './work-meter.ts'

/** Whose requests are counted: a principal. */
export type Caller = { readonly organizationId: string | null; readonly userId: string }

/**
 * How much callers may ask for, by token buckets: each refills steadily up to its burst. For whoever is within
 * the limits it costs a look-up or two, and no headers.
 */
export interface Limits {
  /**
   * Counts events that a caller sends into an organization: one, or the items of a batch, all or none. A batch
   * that is larger than the burst is taken by a full bucket.
   *
   * @throws RateLimited, and then nothing was counted
   */
  sendEvents(caller: Caller, organizationId: string, count: number): void
  /** Counts one registration, new or refreshed. Keepalives are not counted. @throws RateLimited */
  register(caller: Caller): void
  /** For the token endpoint. */
  readonly signIn: SignInLimits
  /** What costs what it takes. */
  readonly work: WorkMeter
  /** What is held for a while, and shared. */
  readonly ledger: Ledger
  /** Whose slice of long work is next. */
  readonly turns: Turns
  /** What has to wait while the server is overloaded. */
  readonly shedding: Shedding
}

/** Configuration keys of the same names; 0 per second: no limit. */
export type LimitSettings = ShareSettings & {
  readonly linksMax: number
  readonly pendingLinksMax: number
  readonly httpConnectionsMax: number
  readonly receiptWaitersMax: number
  readonly workPerSecondPerCaller: number
  readonly workBurstPerCaller: number
  readonly workPerSecondPerOrganization: number
  readonly workBurstPerOrganization: number
  readonly workPerSecondPerAddress: number
  readonly workBurstPerAddress: number
  readonly eventsPerSecondPerOrganization: number
  readonly eventsBurstPerOrganization: number
  readonly eventsPerSecondPerCaller: number
  readonly eventsBurstPerCaller: number
  readonly registersPerSecondPerOrganization: number
  readonly registersBurstPerOrganization: number
  readonly registersPerSecondPerCaller: number
  readonly registersBurstPerCaller: number
  readonly tokensPerSecondPerClient: number
  readonly tokensBurstPerClient: number
  readonly tokensPerSecondPerUser: number
  readonly tokensBurstPerUser: number
  readonly tokensPerSecondPerAddress: number
  readonly tokensBurstPerAddress: number
  readonly shedLagMs: number
  readonly shedWritePercent: number
}

/** Bytes of bulk requests that may be read and worked on at one time. */
const BULK_BYTES_TOTAL_MAX = 4 * BULK_BYTES_MAX
/** Bytes of large answers that may be on their way at one time. */
const ANSWER_BYTES_MAX = 134_217_728
/** Bytes of MQTT packets that have begun and not ended, at one time. */
const UNFINISHED_BYTES_MAX = 134_217_728

/** Bytes of events that may wait to be written at one time beside those that are nobody's: so the store lets 48 MiB wait. */
const WRITE_BYTES_MAX = 41_943_040

/** Different lines of the audit log within a minute, of which each is written. */
const AUDIT_KINDS_MAX = 10_000

type LimitOptions = { readonly settings: LimitSettings; readonly clock: Pick<Clock, 'monotonicMs' | 'after'> }

export function createLimits({ settings, clock }: LimitOptions): Limits {
  const events = new Pair(
    new Buckets('events-organization', rateOf(settings, 'events', 'PerOrganization')),
    new Buckets('events-caller', rateOf(settings, 'events', 'PerCaller')),
    clock,
  )
  const registers = new Pair(
    new Buckets('registers-organization', rateOf(settings, 'registers', 'PerOrganization')),
    new Buckets('registers-caller', rateOf(settings, 'registers', 'PerCaller')),
    clock,
  )
  const tokens = {
    client: rateOf(settings, 'tokens', 'PerClient'),
    user: rateOf(settings, 'tokens', 'PerUser'),
    address: rateOf(settings, 'tokens', 'PerAddress'),
  }
  const work = {
    caller: rateOf(settings, 'work', 'PerCaller'),
    organization: rateOf(settings, 'work', 'PerOrganization'),
    address: rateOf(settings, 'work', 'PerAddress'),
  }
  const ledger = {
    ...settings,
    bulkBytesMax: BULK_BYTES_TOTAL_MAX,
    answerBytesMax: ANSWER_BYTES_MAX,
    unfinishedBytesMax: UNFINISHED_BYTES_MAX,
    writeBytesMax: WRITE_BYTES_MAX,
    auditKindsMax: AUDIT_KINDS_MAX,
  }
  return {
    work: createWorkMeter(work, clock),
    ledger: createLedger(ledger),
    turns: new Turns(clock),
    shedding: new Shedding({ lagMs: settings.shedLagMs, writePercent: settings.shedWritePercent }),
    sendEvents: (caller, organizationId, count) => events.take(caller, organizationId, count),
    register: (caller) => registers.take(caller, caller.organizationId ?? '', 1),
    signIn: createSignInLimits(tokens, clock),
  }
}

/** An organization's buckets and its callers': both let pass, or neither is touched. */
class Pair {
  readonly #organizations: Buckets
  readonly #callers: Buckets
  readonly #clock: Pick<Clock, 'monotonicMs'>

  constructor(organizations: Buckets, callers: Buckets, clock: Pick<Clock, 'monotonicMs'>) {
    this.#organizations = organizations
    this.#callers = callers
    this.#clock = clock
  }

  take(caller: Caller, organizationId: string, count: number): void {
    const nowMs = this.#clock.monotonicMs()
    const own = this.#callers.isOff ? undefined : this.#callers.of(nameOf(caller))
    const shared = this.#organizations.isOff ? undefined : this.#organizations.of(organizationId)
    if (own !== undefined) this.#callers.check(own, count, nowMs)
    if (shared !== undefined) this.#organizations.check(shared, count, nowMs)
    if (own !== undefined) this.#callers.take(own, count, nowMs)
    if (shared !== undefined) this.#organizations.take(shared, count, nowMs)
  }
}

/** Ids never contain a slash, so that no two callers share a name. */
function nameOf({ organizationId, userId }: Caller): string {
  return `${organizationId ?? ''}/${userId}`
}

function rateOf<What extends string, Whose extends string>(
  settings: Readonly<Record<`${What}PerSecond${Whose}` | `${What}Burst${Whose}`, number>>,
  what: What,
  whose: Whose,
): { readonly perSecond: number; readonly burst: number } {
  return { perSecond: settings[`${what}PerSecond${whose}`], burst: settings[`${what}Burst${whose}`] }
}
