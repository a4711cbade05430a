import { OAuthError } from './oauth-error.ts'

/**
 * What came of an attempt: `wrong` where a password, secret or token was, `refused` for whatever else was not granted.
 */
export type SignInOutcome = 'succeeded' | 'wrong' | 'refused'

/** What an attempt has been charged beforehand; gives back what it did not cost. */
export type Stake = { charge(outcome: SignInOutcome): void }

/**
 * Bounds what is tried at the token endpoint. Each throws a RollcallError `rate_limited` that says when to come
 * back, and otherwise charges the full price of a failure until it is known what came of it.
 */
export interface Admission {
  /** Before anything is looked at. `place` is whom the address belongs to, so that places can take turns. */
  arrived(remoteAddress: string): Stake & { readonly place: string }
  /** The client has shown who it is, and may ask for what it asks. A public one shows nothing. */
  identified(client: { readonly id: string; readonly isPublic: boolean }): Stake
  /** A password is about to be looked at. */
  tried(username: string): Stake
  /** Whether another attempt with this name would be turned away now. */
  isHeldOff(username: string): boolean
}

const FREE: Stake = { charge: () => undefined }

export const ADMIT_ALL: Admission = {
  arrived: (remoteAddress) => ({ ...FREE, place: remoteAddress }),
  identified: () => FREE,
  tried: () => FREE,
  isHeldOff: () => false,
}

/** An attempt that was let in. */
export type Visit = {
  readonly remoteAddress: string
  readonly place: string
  /** Has what was taken besides charged with the rest. */
  holds(stake: Stake): void
}

/** Does the work of an attempt that is let in, and charges what it costs by what comes of it. */
export async function underAdmission<T>(
  admission: Pick<Admission, 'arrived'>,
  remoteAddress: string,
  work: (visit: Visit) => Promise<T>,
): Promise<T> {
  const arrival = admission.arrived(remoteAddress)
  const stakes: Stake[] = [arrival]
  const charge = (outcome: SignInOutcome): void => {
    for (const stake of stakes) stake.charge(outcome)
  }
  try {
    const done = await work({
      ...{ remoteAddress, place: arrival.place },
      holds: (stake) => void stakes.push(stake),
    })
    charge('succeeded')
    return done
  } catch (error) {
    charge(isWrong(error) ? 'wrong' : 'refused')
    throw error
  }
}

/** Whether a password, secret or token was wrong. */
function isWrong(error: unknown): error is OAuthError {
  return error instanceof OAuthError && (error.code === 'invalid_client' || error.code === 'invalid_grant')
}
