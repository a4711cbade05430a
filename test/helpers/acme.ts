import { type Backend, createBackend, type Receipt, type SendOptions } from '@rollcall/client/client'
import { call } from './call.ts'
import { signIn } from './demo.ts'
import { eventually } from './run-server.ts'

/** How old an answer of `/metrics` may be, and some. */
const METRICS_AGE_MS = 1_100

/** What tests of people's devices ask a server of the demo directory, as the backend of acme. */
export class Acme {
  readonly #url: string
  readonly #backend: Backend

  constructor(url: string) {
    this.#url = url
    const credentials = { clientId: 'acme-backend', clientSecret: 'acme-secret' }
    this.#backend = createBackend({ url, credentials })
  }

  /** A QoS 1 event to one endpoint of bob's. */
  ring(
    userEndpointId: string,
    attributes: { readonly [name: string]: unknown } = {},
    options: SendOptions = {},
  ): Promise<Receipt> {
    const event = { type: 'CallOfferedEvent', ...attributes }
    return this.#backend.send({ userId: 'bob', userEndpointId, qos: 1, event }, options)
  }

  /** A call to all of bob's endpoints, of which the first that answers has it. Returns the event's id. */
  async call(): Promise<string> {
    const cancelOthers = { event: { type: 'CallCancelledEvent' } }
    const event = { type: 'CallOfferedEvent' }
    return (await this.#backend.send({ userId: 'bob', qos: 1, event, cancelOthers })).eventId
  }

  /** What the history says became of an event at its only endpoint. */
  async outcome(eventId: string): Promise<string | undefined> {
    const { endpoints } = await this.#backend.history.find(eventId)
    return endpoints[0]?.outcome
  }

  /** Waits until the history says so. */
  async acknowledged(eventId: string): Promise<void> {
    await eventually(
      async () => (await this.outcome(eventId)) === 'acknowledged',
      `${eventId} is acknowledged`,
    )
  }

  /** Ids of bob's endpoints that are registered now. */
  async registered(): Promise<readonly string[]> {
    const { accessToken } = await signIn(this.#url, 'bob')
    const { json } = await call(this.#url, accessToken, 'GET users/endpoints')
    if (!Array.isArray(json)) return []
    return json.map((endpoint: { readonly id: string }) => endpoint.id)
  }

  /** Ends the registration of one of bob's endpoints, as another device of his could. */
  async unregister(userEndpointId: string): Promise<void> {
    const { accessToken } = await signIn(this.#url, 'bob')
    await call(this.#url, accessToken, 'POST users/endpoints/unregister', { userEndpointId })
  }

  /** Open MQTT connections of everybody, now. */
  async links(): Promise<number> {
    // The server shows what it counted up to a second ago.
    await new Promise((resolve) => setTimeout(resolve, METRICS_AGE_MS))
    return this.#countLinks()
  }

  /** Waits until so many MQTT connections are open. */
  async linksAre(count: number): Promise<void> {
    await eventually(async () => (await this.#countLinks()) === count, `${count} connections`)
  }

  async #countLinks(): Promise<number> {
    const text = await (await fetch(`${this.#url}/metrics`)).text()
    return Number(/^rollcall_links (\d+)$/m.exec(text)?.[1])
  }
}
