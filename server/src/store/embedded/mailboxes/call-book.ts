import assert from 'node:assert/strict'
import { CALLS_MAX, CALLS_PER_USER_BYTES_MAX, CALLS_PER_USER_MAX } from '../../bounds.ts'
import { senderScope } from '../../sender-scope.ts'
import type { CancelDraft, UserKey } from '../../store.ts'
import type { Journal } from '../journal/journal.ts'
import { numberKey, readNumberKey, userName } from '../keys.ts'
import { Rounds } from '../rounds.ts'
import type { Rows } from '../rows.ts'
import { type CallValues, decodeCall, encodeCall } from './call-row.ts'
import { decodeRace, encodeRace } from './race-row.ts'

/** A call in memory. Its number is the sequence of its first entry, or one of its own. */
export type KeptCall = {
  readonly callId: number
  /** The commit that began it. */
  readonly begunCommit: number
  values: CallValues
  /** The commit that holds it as it is now. */
  commit: number
}

type OfUser = { readonly byEvent: Map<string, KeptCall>; cancelBytes: number }

/** The calls of everybody: in memory without what is sent when they are answered, which is on disk only. */
export class CallBook {
  readonly #journal: Journal
  readonly #rows: Rows
  /** Oldest first. */
  readonly #calls = new Map<number, KeptCall>()
  readonly #users = new Map<string, OfUser>()
  readonly #rounds = new Rounds(this.#calls)

  constructor(journal: Journal, rows: Rows) {
    this.#journal = journal
    this.#rows = rows
  }

  async load(rows: Rows): Promise<void> {
    await rows.scan('calls', (key, value) => {
      this.#file({ callId: readNumberKey(key), begunCommit: 0, values: decodeCall(value), commit: 0 })
    })
  }

  /** The call with this event id, unless its time is over. */
  find(user: UserKey, eventId: string, nowWallMs: number): KeptCall | undefined {
    if (this.#calls.size === 0) return undefined
    const call = this.#users.get(userName(user))?.byEvent.get(eventId)
    return call !== undefined && nowWallMs < call.values.endsAtWallMs ? call : undefined
  }

  /** Adds a call in the place of one of the same user with the same event id; the oldest make room. */
  begin(callId: number, values: CallValues, cancel: CancelDraft | undefined): KeptCall {
    const name = userName(values)
    const older = this.#users.get(name)?.byEvent.get(values.eventId)
    if (older !== undefined) this.#drop(older)
    const call = { callId, begunCommit: this.#journal.commitNumber, values, commit: 0 }
    this.#file(call)
    if (cancel !== undefined) this.#journal.put('cancels', numberKey(callId), encodeRace(cancel))
    this.#write(call)
    this.#keepBounds(name)
    return call
  }

  /** The event that the others get, if there is one. Only of a call that is durable. */
  cancelOf({ callId, values }: KeptCall): CancelDraft | undefined {
    if (values.cancelBytes === 0) return undefined
    const row = this.#rows.get('cancels', numberKey(callId))
    assert(row !== undefined, 'a call has lost its cancelling event')
    return decodeRace(row)
  }

  /** The first has answered: nothing is sent a second time. */
  end(call: KeptCall, winner: string): void {
    const { cancelBytes } = call.values
    if (cancelBytes > 0) {
      this.#journal.remove('cancels', numberKey(call.callId))
      const user = this.#users.get(userName(call.values))
      if (user !== undefined) user.cancelBytes -= cancelBytes
    }
    call.values = { ...call.values, winner, cancelBytes: 0 }
    this.#write(call)
  }

  /** An entry of this user's ended without its endpoint having been sent it for sure: it has no part any more. */
  dropEntry(user: UserKey, sequence: number): void {
    if (this.#calls.size === 0) return
    for (const call of this.#users.get(userName(user))?.byEvent.values() ?? []) {
      const { parts } = call.values
      if (!parts.some((part) => part.sequence === sequence)) continue
      const left = parts.filter((part) => part.sequence !== sequence)
      call.values = { ...call.values, parts: left }
      if (left.length === 0) this.#drop(call)
      else this.#write(call)
      return
    }
  }

  /** Forgets the calls of a user, and those that it sent. Returns how many. */
  erase({ organizationId, userId }: UserKey): number {
    const sender = senderScope({ kind: 'user', id: userId }, organizationId)
    const own = [...this.#calls.values()].filter(
      ({ values }) =>
        values.organizationId === organizationId && (values.userId === userId || values.senderId === sender),
    )
    for (const call of own) this.#drop(call)
    return own.length
  }

  /** Whether the user's entry is part of a call whose time is not over. */
  hasEntry(user: UserKey, sequence: number, nowWallMs: number): boolean {
    if (this.#calls.size === 0) return false
    const calls = [...(this.#users.get(userName(user))?.byEvent.values() ?? [])]
    return calls.some(
      ({ values }) =>
        nowWallMs < values.endsAtWallMs && values.parts.some((part) => part.sequence === sequence),
    )
  }

  /** Looks at `max` calls, round after round, and forgets those whose time is over. */
  prune(nowWallMs: number, max: number): void {
    for (const [, call] of this.#rounds.next(max)) if (nowWallMs >= call.values.endsAtWallMs) this.#drop(call)
  }

  #file(call: KeptCall): void {
    const name = userName(call.values)
    const user = this.#users.get(name) ?? { byEvent: new Map<string, KeptCall>(), cancelBytes: 0 }
    this.#users.set(name, user)
    user.byEvent.set(call.values.eventId, call)
    user.cancelBytes += call.values.cancelBytes
    this.#calls.set(call.callId, call)
  }

  #write(call: KeptCall): void {
    call.commit = this.#journal.commitNumber
    this.#journal.put('calls', numberKey(call.callId), encodeCall(call.values))
  }

  #keepBounds(name: string): void {
    const user = this.#users.get(name)
    for (const call of user?.byEvent.values() ?? []) {
      const isWithin =
        user === undefined ||
        (user.byEvent.size <= CALLS_PER_USER_MAX && user.cancelBytes <= CALLS_PER_USER_BYTES_MAX)
      if (isWithin) break
      this.#drop(call)
    }
    for (const call of this.#calls.values()) {
      if (this.#calls.size <= CALLS_MAX) break
      this.#drop(call)
    }
  }

  #drop(call: KeptCall): void {
    const { callId, values } = call
    const name = userName(values)
    const user = this.#users.get(name)
    this.#calls.delete(callId)
    this.#journal.remove('calls', numberKey(callId))
    if (values.cancelBytes > 0) this.#journal.remove('cancels', numberKey(callId))
    if (user === undefined) return
    user.cancelBytes -= values.cancelBytes
    if (user.byEvent.get(values.eventId) === call) user.byEvent.delete(values.eventId)
    if (user.byEvent.size === 0) this.#users.delete(name)
  }
}
