import { CALLS_MAX, CALLS_PER_USER_BYTES_MAX, CALLS_PER_USER_MAX } from '../../bounds.ts'
import { senderScope } from '../../sender-scope.ts'
import type { AppendOutcome, AppendRequest, Call, CallDraft, CancelDraft, UserKey } from '../../store.ts'

/** One endpoint's part: the entry of its mailbox that it was sent as; 0 where that is not known. */
export type Part = {
  readonly userEndpointId: string
  readonly registrationId: number
  readonly sequence: number
}
export type Kept = Omit<Call, 'userEndpointIds' | 'answeredBy'> & {
  readonly user: UserKey
  readonly senderId: string
  parts: readonly Part[]
  cancel: CancelDraft | undefined
  winner: string | undefined
  /** The process where somebody waits for the answer. */
  readonly awaitedAt: string | undefined
}

/** The calls of everybody, oldest first. */
export class Calls {
  #kept: readonly Kept[] = []

  find(user: UserKey, eventId: string, nowWallMs: number): Kept | undefined {
    return this.#kept.find(
      (kept) => isSame(kept.user, user) && kept.eventId === eventId && nowWallMs < kept.endsAtWallMs,
    )
  }

  begin(
    { event, organizationId, userId }: AppendRequest,
    { senderId, endsAtWallMs, masks, cancelOthers }: CallDraft,
    recordId: number,
    accepted: AppendOutcome['accepted'],
    awaitedAt: string | undefined,
  ): void {
    const user = { organizationId, userId }
    const { eventId } = event
    const older = this.find(user, eventId, event.acceptedAtWallMs)
    if (older !== undefined && older.senderId !== senderId) return
    const newer = accepted.map(({ registration: { userEndpointId, registrationId }, sequence }) => {
      return { userEndpointId, registrationId, sequence }
    })
    const isNewer = (id: string) => newer.some(({ userEndpointId }) => userEndpointId === id)
    const joined = older === undefined || older.winner !== undefined ? [] : older.parts
    const parts = [...joined.filter(({ userEndpointId }) => !isNewer(userEndpointId)), ...newer]
    const call = { eventId, qos: 1, recordId, endsAtWallMs, masks, user, senderId } as const
    this.add({ ...call, parts, cancel: cancelOthers, winner: undefined, awaitedAt })
  }

  add(call: Kept): void {
    const { user, eventId } = call
    const others = this.#kept.filter((kept) => !(isSame(kept.user, user) && kept.eventId === eventId))
    this.#kept = [...others, call]
    const own = () => this.#kept.filter((kept) => isSame(kept.user, user))
    while (own().length > CALLS_PER_USER_MAX || cancelBytes(own()) > CALLS_PER_USER_BYTES_MAX)
      this.#drop(own()[0])
    while (this.#kept.length > CALLS_MAX) this.#drop(this.#kept[0])
  }

  hasEntry(sequence: number, nowWallMs: number): boolean {
    return this.#kept.some(
      ({ parts, endsAtWallMs }) =>
        nowWallMs < endsAtWallMs && parts.some((part) => part.sequence === sequence),
    )
  }

  /** An entry ended without its endpoint having been sent it for sure. */
  dropEntry(sequence: number): void {
    for (const kept of this.#kept) kept.parts = kept.parts.filter((part) => part.sequence !== sequence)
    this.#kept = this.#kept.filter(({ parts }) => parts.length > 0)
  }

  /** Forgets the calls of a user, and those that it sent. Returns how many. */
  erase({ organizationId, userId }: UserKey): number {
    const sender = senderScope({ kind: 'user', id: userId }, organizationId)
    const own = this.#kept.filter(
      ({ user, senderId }) =>
        user.organizationId === organizationId && (user.userId === userId || senderId === sender),
    )
    for (const call of own) this.#drop(call)
    return own.length
  }

  #drop(call: Kept | undefined): void {
    this.#kept = this.#kept.filter((kept) => kept !== call)
  }
}

function cancelBytes(calls: readonly Kept[]): number {
  return calls.reduce((bytes, { cancel: draft }) => bytes + (draft?.payload.byteLength ?? 0), 0)
}

function isSame(a: UserKey, b: UserKey): boolean {
  return a.organizationId === b.organizationId && a.userId === b.userId
}
