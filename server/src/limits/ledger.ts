import type { SharedFigures } from '../observe/observe.ts'
import { networkOf } from './network.ts'
import { type Holder, Pool } from './pool.ts'
import type { Worker } from './work-meter.ts'

export type { Holder } from './pool.ts'

/** How much of a shared thing one may have, per cent of what there is for all; 100: no share of its own. */
export type ShareSettings = {
  readonly organizationSharePercent: number
  readonly callerSharePercent: number
  readonly addressSharePercent: number
}

/** Configuration keys of the same names, and bounds of things that have none. */
export type LedgerBounds = ShareSettings & {
  readonly linksMax: number
  readonly pendingLinksMax: number
  readonly httpConnectionsMax: number
  readonly receiptWaitersMax: number
  readonly bulkBytesMax: number
  readonly unfinishedBytesMax: number
  readonly answerBytesMax: number
  readonly writeBytesMax: number
  readonly auditKindsMax: number
}

/** Everything that is bounded for all and shared by organization, caller and address while it is held. */
export type Ledger = {
  /** MQTT connections: `holderOf`. */
  readonly links: Pool
  /** MQTT connections without a CONNECT: `strangerAt`. */
  readonly pendingLinks: Pool
  /** HTTP connections, but those that became MQTT connections: `strangerAt`. */
  readonly httpConnections: Pool
  /** Bytes of MQTT packets that have begun and not ended: `holderOf`, `strangerAt`. */
  readonly unfinishedBytes: Pool
  /** Requests that wait for receipts: `holderOf`. */
  readonly waiters: Pool
  /** Bytes of bulk requests that are read and worked on: `holderOf`. */
  readonly bulkBytes: Pool
  /** Bytes of large answers on their way to whoever asked: `holderOf`, `strangerAt`. */
  readonly answerBytes: Pool
  /** Bytes of events that wait to be written: `senderInto`. */
  readonly writeBytes: Pool
  /** Different lines of the audit log that are told apart within a minute: `doerOf`. */
  readonly auditKinds: Pool
}

export type SharedThing = keyof Ledger

/** Below these nobody is refused while there is any: what one person or one small backend needs. */
const LINKS_FLOOR = 16
const HTTP_CONNECTIONS_FLOOR = 64
const WAITERS_FLOOR = 16
const BULK_BYTES_FLOOR = 65_536
const ANSWER_BYTES_FLOOR = 2_097_152
const UNFINISHED_BYTES_FLOOR = 1_048_576
const WRITE_BYTES_FLOOR = 524_288
const AUDIT_KINDS_FLOOR = 16

export function createLedger(bounds: LedgerBounds): Ledger {
  const known = [bounds.organizationSharePercent, bounds.callerSharePercent].map(multipleOfFree)
  const strangers = [multipleOfFree(bounds.addressSharePercent)]
  return {
    links: new Pool({ max: bounds.linksMax, shares: known, floor: LINKS_FLOOR }),
    pendingLinks: new Pool({ max: bounds.pendingLinksMax, shares: strangers, floor: LINKS_FLOOR }),
    httpConnections: new Pool({
      max: bounds.httpConnectionsMax,
      shares: strangers,
      floor: HTTP_CONNECTIONS_FLOOR,
    }),
    unfinishedBytes: new Pool({
      max: bounds.unfinishedBytesMax,
      shares: known,
      floor: UNFINISHED_BYTES_FLOOR,
    }),
    waiters: new Pool({ max: bounds.receiptWaitersMax, shares: known, floor: WAITERS_FLOOR }),
    bulkBytes: new Pool({ max: bounds.bulkBytesMax, shares: known, floor: BULK_BYTES_FLOOR }),
    answerBytes: new Pool({ max: bounds.answerBytesMax, shares: known, floor: ANSWER_BYTES_FLOOR }),
    writeBytes: new Pool({ max: bounds.writeBytesMax, shares: known, floor: WRITE_BYTES_FLOOR }),
    auditKinds: new Pool({ max: bounds.auditKindsMax, shares: known, floor: AUDIT_KINDS_FLOOR }),
  }
}

/** Who sends into an organization: role SERVICE has none of its own, and shares in each that it sends into. */
export function senderInto(organizationId: string, { organizationId: own, userId }: Worker): Holder {
  const caller = own === null ? `service/${userId}` : `caller/${own}/${userId}`
  return [`organization/${organizationId}`, caller]
}

/** A caller in its organization; role SERVICE, which has none, is an organization of its own. */
export function holderOf({ organizationId, userId }: Worker): Holder {
  return organizationId === null
    ? [`service/${userId}`]
    : [`organization/${organizationId}`, `caller/${organizationId}/${userId}`]
}

/** Somebody of whom no more is known than an address. */
export function strangerAt(remoteAddress: string): Holder {
  return [`address/${networkOf(remoteAddress)}`]
}

/** Who did something. All strangers together are as one organization, however many addresses they have. */
export function doerOf(worker: Worker | undefined, remoteAddress: string): Holder {
  return worker === undefined ? ['strangers', ...strangerAt(remoteAddress)] : holderOf(worker)
}

/** What an organization holds, and the most that it may now; of bytes and pieces alike. */
export type HeldShare = { readonly used: number; readonly max: number }

/** What organizations hold; strangers, who hold `pendingLinks` and `httpConnections`, have none yet, and of the audit log is no stock kept. */
export type HeldShares = Readonly<
  Record<Exclude<SharedThing, 'pendingLinks' | 'httpConnections' | 'auditKinds'>, HeldShare>
>

/** `null`: all together. */
export function sharesOf(ledger: Ledger, organizationId: string | null): HeldShares {
  const held = (thing: SharedThing): HeldShare => {
    const pool = ledger[thing]
    if (organizationId === null) return { used: pool.figures.used, max: pool.figures.max }
    const key = `organization/${organizationId}`
    return { used: pool.held(key), max: pool.shareOf(key, 0) }
  }
  return {
    links: held('links'),
    waiters: held('waiters'),
    bulkBytes: held('bulkBytes'),
    answerBytes: held('answerBytes'),
    unfinishedBytes: held('unfinishedBytes'),
    writeBytes: held('writeBytes'),
  }
}

/** What each thing's pool says, for metrics. */
export function figuresOf(ledger: Ledger): ReadonlyMap<SharedThing, SharedFigures> {
  const things: readonly SharedThing[] = [
    'links',
    'pendingLinks',
    'httpConnections',
    'unfinishedBytes',
    'waiters',
    'bulkBytes',
    'answerBytes',
    'writeBytes',
    'auditKinds',
  ]
  return new Map(things.map((thing) => [thing, ledger[thing].figures]))
}

/** A half of all is as much as is left free, three quarters three times that. */
function multipleOfFree(percent: number): number {
  return percent >= 100 ? Number.POSITIVE_INFINITY : percent / (100 - percent)
}
