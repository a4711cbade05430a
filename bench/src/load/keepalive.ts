import { endpointId, type Tokens, tokenOf } from './roster.ts'
import { postRequest, type Work } from './work.ts'

type Options = { readonly authority: string; readonly tokens: Tokens; readonly users: number }

/** A keepalive of each user's endpoint in turn, each with a token of its own. */
export class Keepalive implements Work {
  readonly #requests: readonly Buffer[]
  #turn = 0

  constructor({ authority, tokens, users }: Options) {
    this.#requests = Array.from({ length: users }, (_, user) =>
      postRequest(authority, '/keepalive', tokenOf(tokens, user), `{"userEndpointId":"${endpointId(user)}"}`),
    )
  }

  next(): Buffer {
    const request = this.#requests[this.#turn++ % this.#requests.length]
    if (request === undefined) throw new RangeError('no users')
    return request
  }

  accepts(status: number): boolean {
    return status === 204
  }
}
