import { OAuthError } from '../oauth/oauth-error.ts'

/** So many sign-ins may wait for the provider at a time, and so many of them from one place. */
const WAITING_MAX = 64
const WAITING_PER_PLACE_MAX = 8
const RETRY_SECONDS = 5

/** Who waits for the identity provider: somebody who sends made-up codes keeps nobody else from signing in. */
export class Waiting {
  #all = 0
  readonly #byPlace = new Map<string, number>()

  /**
   * Does what the provider is asked for, if there is room.
   *
   * @throws OAuthError `temporarily_unavailable`
   */
  async during<T>(place: string, work: () => Promise<T>): Promise<T> {
    const here = this.#byPlace.get(place) ?? 0
    if (this.#all >= WAITING_MAX || here >= WAITING_PER_PLACE_MAX)
      throw new OAuthError('temporarily_unavailable', 'Too many sign-ins wait for the identity provider.', {
        retryAfterSeconds: RETRY_SECONDS,
      })
    this.#count(place, 1)
    try {
      return await work()
    } finally {
      this.#count(place, -1)
    }
  }

  #count(place: string, more: 1 | -1): void {
    this.#all += more
    const here = (this.#byPlace.get(place) ?? 0) + more
    if (here === 0) this.#byPlace.delete(place)
    else this.#byPlace.set(place, here)
  }
}
