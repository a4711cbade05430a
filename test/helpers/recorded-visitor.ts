import { requestToken } from '@rollcall/client/client'
import type { Recorder } from '../history/recorder.ts'
import { endCall, tryCall } from './recorded-call.ts'

const TIMEOUT_MS = 8_000

export type VisitorOptions = {
  readonly recorder: Recorder
  readonly url: () => string
  readonly organizationId: string
  readonly clientId: string
  readonly clientSecret: string
}

/** Somebody who gets a token, gives it back, and tries whether anybody takes it still. */
export class RecordedVisitor {
  readonly #options: VisitorOptions
  #visits = 0

  constructor(options: VisitorOptions) {
    this.#options = options
  }

  async visit(): Promise<void> {
    const token = `visit ${++this.#visits}`
    const accessToken = await this.#come(token)
    if (accessToken === undefined || !(await this.#leave(token, accessToken))) return
    // At whichever node that is.
    for (let tries = 0; tries < 3; tries++) await this.#look(token, accessToken)
  }

  async #come(token: string): Promise<string | undefined> {
    const { recorder, url, organizationId, clientId, clientSecret } = this.#options
    const call = recorder.begin({ op: 'token', user: `${organizationId}/${clientId}`, issues: token })
    const grant = { type: 'client_credentials' } as const
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    try {
      const { accessToken } = await requestToken({ url: url(), clientId, clientSecret, grant, signal })
      call.ok()
      return accessToken
    } catch {
      call.unknown()
      return undefined
    }
  }

  /** @returns whether it was confirmed */
  async #leave(token: string, accessToken: string): Promise<boolean> {
    const { recorder, url, organizationId, clientId, clientSecret } = this.#options
    const call = recorder.begin({ op: 'revoke', user: `${organizationId}/${clientId}`, revokes: token })
    const body = new URLSearchParams({ client_id: clientId, client_secret: clientSecret, token: accessToken })
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const answer = await fetch(`${url()}/security/oauth/revoke`, { method: 'POST', body, signal }).catch(
      () => undefined,
    )
    await answer?.text().catch(() => undefined)
    if (answer?.status === 200) call.ok()
    else call.unknown()
    return answer?.status === 200
  }

  async #look(token: string, accessToken: string): Promise<void> {
    const { recorder, url, organizationId, clientId } = this.#options
    const endpoint = `${organizationId}/${clientId}/nothing`
    const call = recorder.begin({ op: 'look', endpoint, token })
    endCall(call, await tryCall(url(), accessToken, 'GET users/endpoints'), () => ({ present: false }))
  }
}
