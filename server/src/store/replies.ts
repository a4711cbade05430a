import type { UserKey } from './registrations.ts'

/** What a caller names a request by, so that its repetition sends nothing. */
export type IdempotencyKey = {
  /** The caller. */
  readonly owner: UserKey
  readonly key: string
  /** How long the reply is remembered, milliseconds. */
  readonly rememberMs: number
}

/** One attempt to do what a key stands for. Its token names it, and no other. */
export type Claim = IdempotencyKey & { readonly token: string }

export type Reply = { readonly eventId: string; readonly count: number }

export type ClaimOutcome =
  /** It was done before. */
  | { readonly kind: 'known'; readonly reply: Reply }
  /** Nobody else is at it: whoever claimed goes on, and then answers or releases. */
  | { readonly kind: 'claimed' }
  /** Somebody is at it. */
  | { readonly kind: 'busy' }
  /** Somebody was, and has not been heard of for so long (`CLAIM_LEASE_MS`) that whoever asks finds out and ends it. */
  | { readonly kind: 'lapsed'; readonly claim: Claim; readonly recipient: UserKey }

/**
 * Replies to requests that carried an `Idempotency-Key`. The key is the caller's and the mailbox the recipient's: two
 * partitions, and nothing is atomic over both. So there are steps, each harmless to repeat:
 *
 * 1. `claim`, at the caller's: who does it, under which token, and to whom.
 * 2. `MailboxStore.append`, at the recipient's, with the claim: the outcome is kept there by the token, in the same step.
 *    A token that is known adds nothing and gives the first outcome again; one that was found void is refused.
 * 3. `answer`, at the caller's.
 *
 * Whoever dies on the way leaves a claim whose lease lapses. Who finds it asks the recipient's partition (`resolve`), and
 * answers in its place, or releases the claim and starts anew: what was under way still is refused when it comes.
 *
 * Bounded: past `idempotencyKeysMax` the oldest reply of whoever has the most goes, never one of somebody who has few
 * (`Shares`). An engine that has both partitions may take steps together.
 */
export interface ReplyStore {
  /**
   * Partition: the caller. A reply is given only once it is durable. A claim is so at the latest with what is appended
   * under it. Refused as `unavailable` where as many claims are open as replies are remembered.
   */
  claim(claim: Claim, recipient: UserKey): Promise<ClaimOutcome>
  /**
   * Partition: the recipient. What the append under this token came to, once that is durable; `undefined`: it came to
   * nothing, and does not from now on.
   */
  resolve(recipient: UserKey, token: string): Promise<Reply | undefined>
  /**
   * Partition: the caller. Ends a claim with its reply, which is as durable as what it tells of; one that another has
   * ended is ignored.
   */
  answer(claim: Claim, reply: Reply): Promise<void>
  /** Partition: the caller. Ends a claim under which nothing was done: the next may try. One that has ended is ignored. */
  release(claim: Claim): Promise<void>
}
