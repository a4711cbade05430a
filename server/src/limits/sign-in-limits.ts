import type { Clock } from '../clock/clock.ts'
import { Buckets, type Rate } from './buckets.ts'
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
  const clients = new Buckets('tokens-client', rates.client, clock)
  const users = new Buckets('tokens-user', rates.user, clock)
  const addresses = new Buckets('tokens-address', rates.address, clock)

  function take({ remoteAddress, username }: SignInAttempt, count: number): void {
    addresses.take(networkOf(remoteAddress), count)
    if (username !== undefined) users.take(username.slice(0, USERNAME_CHARACTERS_MAX), count)
  }
  return {
    arrived(attempt) {
      const { remoteAddress, username } = attempt
      addresses.check(networkOf(remoteAddress), 1)
      if (username !== undefined) users.check(username.slice(0, USERNAME_CHARACTERS_MAX), 1)
      take(attempt, 1)
    },
    identified(clientId) {
      clients.check(clientId, 1)
      clients.take(clientId, 1)
    },
    failed: (attempt) => take(attempt, FAILURE_COST - 1),
  }
}
