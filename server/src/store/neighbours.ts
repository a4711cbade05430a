import type { RegistrationKey, UserKey } from './registrations.ts'

/** A link as all processes know it. */
type LinkOfNode = { readonly registration: RegistrationKey; readonly linkId: number }

/** Its place among those that one part of the store has counted for a process: see `NeighbourStore.told`. */
type Numbered = { readonly part: number; readonly number: number }

/**
 * What an operation has brought about for a link, or for somebody who waits, at another process. Whoever called the operation
 * carries it there; what gets lost on the way is found by `told`, or by whoever waits when the time is over. One that has a
 * number is told of this process's own links as well: the answer may get lost that says the same.
 */
export type Tiding =
  /** The link's mailbox has a new entry. */
  | (LinkOfNode &
      Numbered & {
        readonly kind: 'appended'
        readonly sequence: number
        readonly follows: number
        readonly eventId: string
        readonly mustBeClaimed: boolean
        readonly sealed: boolean
        /** As it is stored. */
        readonly payload: Uint8Array
      })
  /** A newer link, of another process, holds the registration. */
  | (LinkOfNode & Numbered & { readonly kind: 'taken_over' })
  /** The registration has ended. */
  | (LinkOfNode &
      Numbered & {
        readonly kind: 'registration_over'
        readonly how: 'expired' | 'unregistered'
      })
  /** The reminder of the registration's period is due. */
  | (LinkOfNode & {
      readonly kind: 'reminded'
      readonly keepAliveSeconds: number
      readonly remainingMs: number
    })
  /** An entry has ended that somebody there waits for. */
  | {
      readonly kind: 'entry_over'
      readonly registration: RegistrationKey
      readonly sequence: number
      readonly isAcknowledged: boolean
    }
  /** An event has been answered for which somebody there waits. */
  | {
      readonly kind: 'answered'
      readonly to: UserKey
      readonly senderId: string
      readonly eventId: string
      readonly userEndpointId: string
    }

/** Called once what it tells of is as durable as the operation promises; before the operation resolves. */
export type OnTiding = (node: string, tiding: Tiding) => void

/** A link of this process, as the store has it. */
export type HeldLink = LinkOfNode & {
  /** Of its mailbox; 0: it is empty. `undefined`: the registration has ended. */
  readonly newestSequence: number | undefined
}

/**
 * What an engine has besides that several processes share. Each opens it under its incarnation (`cluster/`), by which its links
 * are known; what concerns another's it tells by tidings. Those that a link must not miss are counted for its process, in the
 * same step as what they tell of.
 */
export interface NeighbourStore {
  /**
   * How many numbered tidings there have been for this process, by the part of the store that has counted them; `undefined` where
   * that part cannot be reached now. A part that has counted none may be missing. One that counts from less than it did has lost what
   * it knew. Cheap.
   */
  told(): Promise<ReadonlyMap<number, number | undefined>>
  /** Which part of the store has what is a user's. */
  partOf(user: UserKey): number
  /**
   * All links that this process has in a part of the store, so that it finds what tidings did not tell it.
   *
   * @throws RollcallError `unavailable` where that part cannot be reached
   */
  held(part: number): Promise<readonly HeldLink[]>
  /**
   * A process is dead: none of its links holds anything any more, which the feed is told as `server_restarted`, it attaches none
   * from then on, and what it has leased is free. May be repeated. Soon durable.
   */
  bury(node: string): Promise<void>
}
