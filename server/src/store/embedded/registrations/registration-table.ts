import { liftDeadline, type Recovery } from '../../recovery.ts'
import type { Addressee, EndpointKey, RegistrationKey, StoreTotals, UserKey } from '../../store.ts'
import { Mailbox } from '../mailboxes/mailbox.ts'
import { DueIndex } from './due-index.ts'
import { isLive, type RegistrationRecord, type Term } from './record.ts'
import { Totals } from './totals.ts'
import { UserIndex } from './user-index.ts'

/** All registrations in memory: by endpoint, by when they are due, and their totals. */
export class RegistrationTable {
  readonly due: DueIndex
  /** Whose endpoints are here. */
  readonly whose: Pick<UserIndex, 'onNewUser' | 'organizationIds' | 'userIds'>
  readonly #byUser = new UserIndex()
  /** Expired ones that were registered anew before they were swept, by id. */
  readonly #replaced = new Map<number, RegistrationRecord>()
  readonly #totals = new Totals()
  /** Those that can be woken, by id. */
  readonly #wakeable = new Map<number, RegistrationRecord>()
  #periodMaxMs = 0

  /** @param nowMs service time now */
  constructor(nowMs: number) {
    this.due = new DueIndex(nowMs)
    this.whose = this.#byUser
  }

  totals(organizationId?: string): StoreTotals {
    return this.#totals.of(organizationId)
  }

  /** Longest period of any registration so far. */
  get periodMaxMs(): number {
    return this.#periodMaxMs
  }

  intern(organizationId: string): string {
    return this.#byUser.intern(organizationId)
  }

  findLive(endpoint: EndpointKey, nowMs: number): RegistrationRecord | undefined {
    const record = this.#byUser.find(endpoint)
    return record !== undefined && isLive(record, nowMs) ? record : undefined
  }

  /** All of a user's, live or not, those whose place another has taken included. */
  allOf({ organizationId, userId }: UserKey): readonly RegistrationRecord[] {
    const replaced = [...this.#replaced.values()].filter(
      (record) => record.organizationId === organizationId && record.userId === userId,
    )
    return [...this.#byUser.list({ organizationId, userId }), ...replaced]
  }

  /** Those whose place another has taken, in no order. */
  get replaced(): Iterable<RegistrationRecord> {
    return this.#replaced.values()
  }

  listLive(user: UserKey, nowMs: number): readonly RegistrationRecord[] {
    const all = this.#byUser.list(user)
    const isOneLive = (record: RegistrationRecord) => isLive(record, nowMs)
    // Nearly always: no list is made of the list.
    return all.every(isOneLive) ? all : all.filter(isOneLive)
  }

  /** The live registrations of a user, or that of one endpoint. */
  reached(addressee: Addressee, nowMs: number): readonly RegistrationRecord[] {
    const { organizationId, userId, userEndpointId } = addressee
    if (userEndpointId === undefined) return this.listLive(addressee, nowMs)
    const record = this.findLive({ organizationId, userId, userEndpointId }, nowMs)
    return record === undefined ? [] : [record]
  }

  /**
   * Gives everybody who lives a full period. Whoever is due later is filed anew when the time comes that was filed;
   * replaced ones had expired before.
   */
  lift(recovery: Recovery): void {
    const recoveries = [recovery]
    for (const record of this.#byUser.all()) {
      const expiresAtMs = liftDeadline(record.expiresAtMs, record.keepAliveSeconds * 1000, recoveries)
      if (expiresAtMs === record.expiresAtMs) continue
      record.expiresAtMs = expiresAtMs
      // A period that was given anew gets its own reminder.
      record.reminded = false
    }
  }

  /** When any of the user's registrations was made or kept alive last, swept or not; 0 without any. */
  lastKeepAliveWallMs(user: UserKey): number {
    const times = this.#byUser.list(user).map(({ lastKeepAliveAtWallMs }) => lastKeepAliveAtWallMs)
    return Math.max(0, ...times)
  }

  /** The very registration that a caller holds a copy of, live or not. */
  lookUp(registration: RegistrationKey): RegistrationRecord | undefined {
    const record = this.#byUser.find(registration)
    if (record?.registrationId === registration.registrationId) return record
    return this.#replaced.get(registration.registrationId)
  }

  /** Adds a record and returns the expired one of the same endpoint whose place it takes. */
  add(record: RegistrationRecord): RegistrationRecord | undefined {
    const replaced = this.#byUser.add(record)
    if (replaced !== undefined) this.#replaced.set(replaced.registrationId, replaced)
    this.due.file(record)
    this.setWakeUp(record, record.wakeUp)
    this.#totals.add(record.organizationId, 1, 0, 0)
    this.#periodMaxMs = Math.max(this.#periodMaxMs, record.keepAliveSeconds * 1000)
    return replaced
  }

  setWakeUp(record: RegistrationRecord, wakeUp: Uint8Array | undefined): void {
    record.wakeUp = wakeUp
    if (wakeUp === undefined) this.#wakeable.delete(record.registrationId)
    else this.#wakeable.set(record.registrationId, record)
  }

  /** Those that can be woken, in no order. */
  get wakeable(): ReadonlyMap<number, RegistrationRecord> {
    return this.#wakeable
  }

  /** Whether a later registration of the same endpoint has taken its place. */
  isReplaced(record: RegistrationRecord): boolean {
    return this.#replaced.has(record.registrationId)
  }

  remove(record: RegistrationRecord): void {
    if (!this.#replaced.delete(record.registrationId)) this.#byUser.remove(record)
    this.due.drop(record)
    this.#wakeable.delete(record.registrationId)
    record.removed = true
    this.#totals.add(record.organizationId, -1, -(record.mailbox?.depth ?? 0), -(record.mailbox?.bytes ?? 0))
  }

  /** Adds an entry to a mailbox and returns it. */
  append(record: RegistrationRecord, sequence: number, payloadBytes: number, tag: number): Mailbox<Term> {
    if (record.mailbox === undefined) record.mailbox = new Mailbox(sequence, payloadBytes, tag)
    else record.mailbox.append(sequence, payloadBytes, tag)
    this.#totals.add(record.organizationId, 0, 1, payloadBytes)
    return record.mailbox
  }

  /** Removes an entry and returns its payload size; `undefined` when it is not there. */
  removeEntry(record: RegistrationRecord, sequence: number): number | undefined {
    const payloadBytes = record.mailbox?.remove(sequence)
    if (payloadBytes === undefined) return undefined
    this.#totals.add(record.organizationId, 0, -1, -payloadBytes)
    if (record.mailbox?.depth === 0) record.mailbox = undefined
    return payloadBytes
  }
}
