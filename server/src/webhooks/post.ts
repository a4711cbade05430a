import {
  type ClientRequest,
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { WEBHOOK_TIMEOUT_MS } from '@rollcall/protocol/limits'
import type { Clock } from '../clock/clock.ts'
import type { Addresses } from './address.ts'
import { failureOf, PostError } from './post-error.ts'
import type { Resolve } from './resolve.ts'

/** What of an answer's body is taken in, to be thrown away, before the connection is closed instead. */
const ANSWER_BYTES_MAX = 16_384

export type PostContext = {
  readonly addresses: Addresses
  readonly resolve: Resolve
  readonly clock: Pick<Clock, 'after'>
}

export type Message = { readonly body: Buffer; readonly headers: { readonly [name: string]: string } }

/** Where a webhook's messages go. */
export interface Receiver {
  /**
   * Sends one message. No redirect is followed and no proxy used.
   *
   * @param onStatus told the status of the answer, where there is one
   * @returns why it failed, a code; `undefined` when the receiver answered 2xx
   */
  post(
    url: string,
    message: Message,
    signal: AbortSignal,
    onStatus?: (status: number) => void,
  ): Promise<string | undefined>
  close(): void
}

/** Over HTTP, with a connection that is kept between messages. */
export class HttpReceiver implements Receiver {
  readonly #context: PostContext
  readonly #agents: readonly [HttpAgent, HttpsAgent]

  /** @param sockets connections to one host at a time */
  constructor(context: PostContext, sockets = 1) {
    this.#context = context
    const options = { keepAlive: true, maxSockets: sockets, maxFreeSockets: sockets }
    this.#agents = [new HttpAgent(options), new HttpsAgent(options)]
  }

  async post(
    url: string,
    message: Message,
    signal: AbortSignal,
    onStatus?: (status: number) => void,
  ): Promise<string | undefined> {
    try {
      const status = await this.#attempt(new URL(url), message, signal, true)
      onStatus?.(status)
      return status >= 200 && status < 300 ? undefined : `status_${status}`
    } catch (error) {
      return failureOf(error)
    }
  }

  close(): void {
    for (const agent of this.#agents) agent.destroy()
  }

  #attempt(url: URL, message: Message, signal: AbortSignal, mayRepeat: boolean): Promise<number> {
    return new Promise((resolve, reject) => {
      const request = this.#open(url, message, signal)
      const timer = this.#context.clock.after(WEBHOOK_TIMEOUT_MS, () =>
        request.destroy(new PostError('timeout')),
      )
      let hasAnswered = false
      request.once('response', (response) => {
        hasAnswered = true
        discard(response)
        response.once('close', () => {
          timer.cancel()
          resolve(response.statusCode ?? 0)
        })
      })
      request.on('error', (error) => {
        // The status has said it all: what becomes of the answer's body is of no account.
        if (hasAnswered) return
        timer.cancel()
        // The receiver closed a connection that was kept, before it saw the message.
        const isStale = request.reusedSocket && Reflect.get(error, 'code') === 'ECONNRESET'
        if (isStale && mayRepeat) this.#attempt(url, message, signal, false).then(resolve, reject)
        else reject(error)
      })
      request.end(message.body)
    })
  }

  #open(url: URL, { headers, body }: Message, signal: AbortSignal): ClientRequest {
    const isEncrypted = url.protocol === 'https:'
    const host = url.hostname.replace(/^\[|\]$/g, '')
    // `lookup` is not asked about addresses.
    if (isIP(host) !== 0 && !this.#context.addresses.isAllowed(host, isEncrypted))
      throw new PostError('address_refused')
    const options = {
      method: 'POST',
      headers: { ...headers, 'content-length': body.length },
      lookup: this.#lookup(isEncrypted),
      signal,
    }
    const [plain, encrypted] = this.#agents
    return isEncrypted
      ? httpsRequest(url, { ...options, agent: encrypted })
      : httpRequest(url, { ...options, agent: plain })
  }

  /** Called for each new connection: what it connects to is what was judged. */
  #lookup(isEncrypted: boolean): LookupFunction {
    const { addresses, resolve } = this.#context
    return (host, { all }, callback) => {
      const find = async () => {
        const found = await resolve(host)
        const allowed = found.filter((address) => addresses.isAllowed(address, isEncrypted))
        if (allowed.length === 0) throw new PostError('address_refused')
        return allowed.map((address) => ({ address, family: isIP(address) }))
      }
      find().then(
        (found) => {
          if (all === true) callback(null, found)
          else callback(null, found[0]?.address ?? '', found[0]?.family)
        },
        (error: unknown) =>
          callback(error instanceof PostError ? error : new PostError('name_not_resolved'), ''),
      )
    }
  }
}

/** Takes the body in and forgets it, so that the connection can be used again; or cuts it short. */
function discard(response: IncomingMessage): void {
  let bytes = 0
  response.on('error', () => undefined)
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > ANSWER_BYTES_MAX) response.destroy()
  })
}
