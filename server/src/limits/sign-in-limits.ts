import type { Clock } from '../clock/clock.ts'
import { type Bucket, Buckets, type Rate } from './buckets.ts'
import { networkOf } from './network.ts'

/** What a failed attempt costs, where one that succeeds costs 1. */
const FAILURE_COST = 10
/** Longer names share a bucket with what they begin with. */
const USERNAME_CHARACTERS_MAX = 256

/** Somebody who asks for a token. */
export type SignInAttempt = {
  readonly remoteAddress: string
  /** Absent where no password is tried. */
  readonly username: string | undefined
}

/** Bounds what is tried at the token endpoint. */
export interface SignInLimits {
  /** Before anything is looked at. @throws RateLimited */
  arrived(attempt: SignInAttempt): void
  /** The client has shown who it is: only then, or anybody could use up somebody else's. @throws RateLimited */
  identified(clientId: string): void
  /** The attempt has failed: it costs more. A client does not pay for the passwords that its users mistype. */
  failed(attempt: SignInAttempt): void
}

export type SignInRates = { readonly client: Rate; readonly user: Rate; readonly address: Rate }

export function createSignInLimits(rates: SignInRates, clock: Pick<Clock, 'monotonicMs'>): SignInLimits {
  const clients = new Buckets('tokens-client', rates.client)
  const users = new Buckets('tokens-user', rates.user)
  const addresses = new Buckets('tokens-address', rates.address)

  /** The buckets that an attempt is taken from. */
  function bucketsOf({ remoteAddress, username }: SignInAttempt): readonly (readonly [Buckets, Bucket])[] {
    const found: (readonly [Buckets, Bucket])[] = []
    if (!addresses.isOff) found.push([addresses, addresses.of(networkOf(remoteAddress))])
    if (!users.isOff && username !== undefined)
      found.push([users, users.of(username.slice(0, USERNAME_CHARACTERS_MAX))])
    return found
  }
  function spend(from: readonly (readonly [Buckets, Bucket])[]): void {
    const nowMs = clock.monotonicMs()
    for (const [buckets, bucket] of from) buckets.check(bucket, 1, nowMs)
    for (const [buckets, bucket] of from) buckets.take(bucket, 1, nowMs)
  }
  return {
    arrived: (attempt) => spend(bucketsOf(attempt)),
    identified: (clientId) => spend(clients.isOff ? [] : [[clients, clients.of(clientId)]]),
    failed(attempt) {
      const nowMs = clock.monotonicMs()
      for (const [buckets, bucket] of bucketsOf(attempt)) buckets.take(bucket, FAILURE_COST - 1, nowMs)
    },
  }
}
