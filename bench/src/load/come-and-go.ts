import { endpointId, type Tokens, tokenOf } from './roster.ts'
import { postRequest, type Work } from './work.ts'

const KEEP_ALIVE_SECONDS = 86_400

type Options = {
  readonly authority: string
  readonly tokens: Tokens
  readonly users: number
  readonly slots: number
}

/** What a slot has registered and has to unregister next. */
type Guest = { readonly endpoint: number; readonly user: number }

/** Each slot registers a new endpoint of the users in turn, and unregisters it. */
export class ComeAndGo implements Work {
  readonly #options: Options
  readonly #guests: (Guest | undefined)[]
  #endpoint = 0

  constructor(options: Options) {
    this.#options = options
    this.#guests = Array.from({ length: options.slots })
  }

  next(slot: number): Buffer {
    const { authority, tokens, users } = this.#options
    const leaving = this.#guests[slot]
    if (leaving !== undefined) {
      this.#guests[slot] = undefined
      const body = `{"userEndpointId":"${endpointId(leaving.endpoint)}"}`
      return postRequest(authority, '/unregister', tokenOf(tokens, leaving.user), body)
    }
    const endpoint = this.#endpoint++
    const user = endpoint % users
    this.#guests[slot] = { endpoint, user }
    const body = `{"userEndpointId":"${endpointId(endpoint)}","keepAliveSeconds":${KEEP_ALIVE_SECONDS}}`
    return postRequest(authority, '/register', tokenOf(tokens, user), body)
  }

  /** 200 to who comes, 204 to who goes. */
  accepts(status: number): boolean {
    return status === 200 || status === 204
  }
}
