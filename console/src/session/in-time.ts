import { SdkError } from '@rollcall/client'

/**
 * A fetch that waits so long and no longer. A server that takes a request and never answers would keep a sign-in waiting,
 * and a renewal of the token with all that wants the token.
 *
 * @throws SdkError `timeout`
 */
export function inTime(send: typeof fetch, patienceMs: number): typeof fetch {
  return async (input, init) => {
    const time = AbortSignal.timeout(patienceMs)
    const own = init?.signal ?? undefined
    try {
      return await send(input, { ...init, signal: own === undefined ? time : AbortSignal.any([own, time]) })
    } catch (error) {
      if (time.aborted && own?.aborted !== true) throw new SdkError('timeout', undefined, { cause: error })
      throw error
    }
  }
}
