import { OAuthError } from './oauth-error.ts'

/** Somebody who asks something of the token endpoint. */
export type Attempt = {
  readonly remoteAddress: string
  /** Absent where no password is tried. */
  readonly username: string | undefined
}

/**
 * Bounds what is tried at the token endpoint. Each throws a RollcallError `rate_limited` that says when to come
 * back.
 */
export interface Admission {
  /** Before anything is looked at. */
  arrived(attempt: Attempt): void
  /** The client has shown who it is. */
  identified(clientId: string): void
  /** The attempt has failed, which costs more. */
  failed(attempt: Attempt): void
}

export const ADMIT_ALL: Admission = {
  arrived: () => undefined,
  identified: () => undefined,
  failed: () => undefined,
}

/** Does the work of an attempt that is let in, and has it paid for where credentials turn out to be wrong. */
export async function underAdmission<T>(
  admission: Admission,
  attempt: Attempt,
  work: () => Promise<T>,
): Promise<T> {
  admission.arrived(attempt)
  try {
    return await work()
  } catch (error) {
    if (error instanceof OAuthError && (error.code === 'invalid_client' || error.code === 'invalid_grant'))
      admission.failed(attempt)
    throw error
  }
}
