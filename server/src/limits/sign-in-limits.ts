import type { Clock } from '../clock/clock.ts'
import { type Bucket, Buckets, type Rate } from './buckets.ts'
import { networksOf } from './network.ts'

/** What a failed attempt costs, where one that succeeds costs 1. */
const FAILURE_COST = 10
/** Longer names share a bucket with what they begin with. */
const USERNAME_CHARACTERS_MAX = 256
/** How many times an address's limit a /56 and a /48 of IPv6 have: as many as households and sites have hosts. */
const WIDER_FACTORS = [4, 16]

/**
 * What came of an attempt: `wrong` where a password, secret or token was, `refused` for whatever else was not granted.
 */
export type SignInOutcome = 'succeeded' | 'wrong' | 'refused'

/** What was taken beforehand for an attempt; gives back what it did not cost. To be charged once. */
export type Stake = { charge(outcome: SignInOutcome): void }

/**
 * Bounds what is tried at the token endpoint. The full price of a failure is taken before anything is looked at, and
 * given back when it was none: a hundred guesses at once are as many as one after another.
 */
export interface SignInLimits {
  /**
   * Somebody asks; nothing has been looked at.
   *
   * @returns with `place`, what its address is counted as at the widest
   * @throws RateLimited
   */
  arrived(remoteAddress: string): Stake & { readonly place: string }
  /**
   * The client has shown who it is, and may ask for what it asks: only then, or anybody could use up somebody else's.
   * A public one shows nothing, so that what comes to nothing is not counted for it.
   *
   * @throws RateLimited
   */
  identified(client: { readonly id: string; readonly isPublic: boolean }): Stake
  /** A password is about to be looked at, asked for by a client that may. @throws RateLimited */
  tried(username: string): Stake
  /** Whether another attempt would be turned away now. */
  isHeldOff(username: string): boolean
}

export type SignInRates = { readonly client: Rate; readonly user: Rate; readonly address: Rate }

type Part = readonly [Buckets, Bucket]

export function createSignInLimits(rates: SignInRates, clock: Pick<Clock, 'monotonicMs'>): SignInLimits {
  const clients = new Buckets('tokens-client', rates.client)
  const users = new Buckets('tokens-user', rates.user)
  const networks = [1, ...WIDER_FACTORS].map(
    (factor, width) => new Buckets(NETWORK_POLICIES[width] ?? '', times(rates.address, factor)),
  )
  const userPart = (username: string): readonly Part[] =>
    part(users, username.slice(0, USERNAME_CHARACTERS_MAX))

  function check(parts: readonly Part[]): void {
    const nowMs = clock.monotonicMs()
    for (const [buckets, bucket] of parts) buckets.check(bucket, 1, nowMs)
  }
  /** Lets in whoever has not spent all yet, and takes `price`, which may be more than is left. */
  function stake(
    parts: readonly Part[],
    price: number,
    cost: Readonly<Record<SignInOutcome, number>>,
  ): Stake {
    check(parts)
    const nowMs = clock.monotonicMs()
    for (const [buckets, bucket] of parts) buckets.take(bucket, price, nowMs)
    return {
      charge(outcome) {
        for (const [buckets, bucket] of parts) buckets.giveBack(bucket, price - cost[outcome])
      },
    }
  }
  return {
    arrived(remoteAddress) {
      const found = networksOf(remoteAddress)
      const parts = found.flatMap((network, width) => {
        const buckets = networks[width]
        return buckets === undefined ? [] : part(buckets, network)
      })
      return { ...stake(parts, FAILURE_COST, ATTEMPT_COSTS), place: found.at(-1) ?? '' }
    },
    identified: ({ id, isPublic }) =>
      stake(part(clients, id), 1, isPublic ? PUBLIC_CLIENT_COSTS : CLIENT_COSTS),
    tried: (username) => stake(userPart(username), FAILURE_COST, ATTEMPT_COSTS),
    isHeldOff(username) {
      const nowMs = clock.monotonicMs()
      return userPart(username).some(([buckets, bucket]) => !buckets.has(bucket, 1, nowMs))
    },
  }
}

const NETWORK_POLICIES = ['tokens-address', 'tokens-address-56', 'tokens-address-48']

const ATTEMPT_COSTS = { succeeded: 1, wrong: FAILURE_COST, refused: 1 }
/** A client does not pay more for the passwords that its users mistype. */
const CLIENT_COSTS = { succeeded: 1, wrong: 1, refused: 1 }
const PUBLIC_CLIENT_COSTS = { succeeded: 1, wrong: 0, refused: 0 }

function part(buckets: Buckets, key: string): readonly Part[] {
  return buckets.isOff ? [] : [[buckets, buckets.of(key)]]
}

function times({ perSecond, burst }: Rate, factor: number): Rate {
  return { perSecond: perSecond * factor, burst: burst * factor }
}
