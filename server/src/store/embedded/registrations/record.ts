import type { Registration } from '../../store.ts'
import type { Mailbox } from '../mailboxes/mailbox.ts'
import type { TermValues } from '../mailboxes/term-row.ts'
import type { IdentityRow, LivenessRow } from './registration-row.ts'

/** `filedBucket` of a registration that the due index does not hold. */
export const NOT_FILED = -1

/** `heapIndex` of a term that is not in the index of what is due. */
export const NOT_DUE = -1

/**
 * A registration in memory. There may be millions: plain fields, no closures, nothing allocated before it is
 * needed.
 */
export class RegistrationRecord {
  readonly registrationId: number
  readonly organizationId: string
  readonly userId: string
  readonly userEndpointId: string
  readonly registeredAtWallMs: number
  keepAliveSeconds: number
  serverKeepAliveReminderOn: boolean
  reminded: boolean
  lastKeepAliveAtWallMs: number
  expiresAtMs: number
  authorizedUntilWallMs: number
  /** Expired or unregistered: whoever still refers to it drops it. */
  removed = false
  /** Its liveness row is behind and waits for the next commit. */
  stale = false
  /** Where the due index looks at it next, and its place there. */
  filedBucket = NOT_FILED
  filedIndex = 0
  /** Absent while nothing waits. */
  mailbox: Mailbox<Term> | undefined = undefined
  /** How to wake its device, sealed. The table must know of every change. */
  wakeUp: Uint8Array | undefined

  constructor(
    registrationId: number,
    /** The string that all records of the organization share. */
    organizationId: string,
    identity: IdentityRow,
    liveness: LivenessRow,
  ) {
    this.registrationId = registrationId
    this.organizationId = organizationId
    this.userId = identity.userId
    this.userEndpointId = identity.userEndpointId
    this.registeredAtWallMs = identity.registeredAtWallMs
    this.keepAliveSeconds = identity.keepAliveSeconds
    this.serverKeepAliveReminderOn = identity.serverKeepAliveReminderOn
    this.lastKeepAliveAtWallMs = liveness.lastKeepAliveAtWallMs
    this.expiresAtMs = liveness.expiresAtMs
    this.authorizedUntilWallMs = liveness.authorizedUntilWallMs
    this.reminded = liveness.reminded
    this.wakeUp = identity.wakeUp
  }
}

/**
 * On which terms an entry waits in a mailbox. Only entries with some have one, in memory and as a row of its own,
 * so that a plain event pays nothing and a start need not read the mailboxes.
 */
export class Term implements TermValues {
  readonly record: RegistrationRecord
  readonly sequence: number
  readonly payloadBytes: number
  readonly expiresAtWallMs: number
  readonly collapseKey: string
  readonly raceId: number
  /** When to look at it: later than its end while it is in flight. */
  dueAtWallMs: number
  heapIndex = NOT_DUE

  constructor(record: RegistrationRecord, sequence: number, payloadBytes: number, values: TermValues) {
    this.record = record
    this.sequence = sequence
    this.payloadBytes = payloadBytes
    this.expiresAtWallMs = values.expiresAtWallMs
    this.collapseKey = values.collapseKey
    this.raceId = values.raceId
    this.dueAtWallMs = values.expiresAtWallMs
  }
}

export function isLive(record: RegistrationRecord, nowMs: number): boolean {
  return nowMs < record.expiresAtMs
}

/** What the record says now, as a value of its own. */
export function toRegistration(record: RegistrationRecord, nowMs: number): Registration {
  const registration = {
    organizationId: record.organizationId,
    userId: record.userId,
    userEndpointId: record.userEndpointId,
    registrationId: record.registrationId,
    keepAliveSeconds: record.keepAliveSeconds,
    serverKeepAliveReminderOn: record.serverKeepAliveReminderOn,
    registeredAtWallMs: record.registeredAtWallMs,
    lastKeepAliveAtWallMs: record.lastKeepAliveAtWallMs,
    remainingMs: record.expiresAtMs - nowMs,
    reminded: record.reminded,
    authorizedUntilWallMs: record.authorizedUntilWallMs,
  }
  return record.wakeUp === undefined ? registration : { ...registration, wakeUp: record.wakeUp }
}
