import { type Grant, requestToken, type Token } from '@rollcall/client/client'
import type { Recorder } from '../history/recorder.ts'
import type { Dice } from '../sim/dice.ts'

/** How long things last. */
export type Pace = {
  /** Of a registration without a keepalive, seconds. */
  readonly keepAliveSeconds: number
  /** Of an access token, seconds. */
  readonly tokenSeconds: number
}

/** What devices of one run share. */
export type Surroundings = {
  readonly recorder: Recorder
  readonly dice: Dice
  readonly url: string
  readonly pace: Pace
  readonly done: Map<string, number>
}

/** Somebody who signs in once, and whose tokens are renewed in time. */
export class SoakCaller {
  /** Of the user, or the client. */
  readonly name: string
  readonly #surroundings: Surroundings
  readonly #clientId: string
  readonly #clientSecret: string
  readonly #grant: Grant
  #token: Token | undefined
  #issued = 0
  #renewAtMs = 0
  #renewing: Promise<void> | undefined

  constructor(surroundings: Surroundings, { name, clientId, clientSecret = '', grant }: CallerOptions) {
    this.#surroundings = surroundings
    this.name = name
    this.#clientId = clientId
    this.#clientSecret = clientSecret
    this.#grant = grant
  }

  get accessToken(): string {
    return this.#token?.accessToken ?? ''
  }

  /** What the history calls it. */
  get tokenName(): string {
    return `${this.name}-${this.#issued}`
  }

  signIn(): Promise<void> {
    return this.#take(this.#grant)
  }

  /** Where it is time: by a refresh token, or as before. Of all that share it, one does it for all. */
  async renew(): Promise<void> {
    if (performance.now() < this.#renewAtMs) return
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined
    })
    await this.#renewing
  }

  async #renew(): Promise<void> {
    const refreshToken = this.#token?.refreshToken
    await this.#take(refreshToken === undefined ? this.#grant : { type: 'refresh_token', refreshToken })
    count(this.#surroundings.done, 'renewed a token')
  }

  async #take(grant: Grant): Promise<void> {
    const { recorder, url, pace, dice } = this.#surroundings
    const issues = `${this.name}-${this.#issued + 1}`
    const call = recorder.begin({ op: 'token', user: `acme/${this.name}`, issues })
    const [clientId, clientSecret] = [this.#clientId, this.#clientSecret]
    this.#token = await requestToken({ url, clientId, clientSecret, grant })
    this.#issued++
    // Not all at the same moment, and in time.
    this.#renewAtMs = performance.now() + pace.tokenSeconds * (500 + dice.roll(300))
    call.ok()
  }
}

export type CallerOptions = {
  readonly name: string
  readonly clientId: string
  readonly clientSecret?: string
  /** By which it signs in. */
  readonly grant: Grant
}

export function count(done: Map<string, number>, what: string): void {
  done.set(what, (done.get(what) ?? 0) + 1)
}
