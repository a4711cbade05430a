import { createHash, generateKeyPair, randomBytes, sign } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'

const CLIENT = { id: 'rollcall-console', secret: 'provider-secret' }

/** Made once: they cost. */
const KEYS = promisify(generateKeyPair)('rsa', { modulusLength: 2048 })

type Code = { readonly nonce: string; readonly challenge: string; readonly redirectUri: string }
type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** An identity provider on loopback that signs in whoever comes, and lies as a test says. */
export class FakeProvider {
  readonly clientId = CLIENT.id
  readonly clientSecret = CLIENT.secret
  /** What its ID tokens say besides the usual. A claim that is `undefined` is left out. */
  claims: Record<string, unknown> = {}
  /** What it says instead, by path. */
  readonly instead = new Map<string, Answer>()
  /** What the browser comes back with, besides `code`, `state` and `iss`, or instead. */
  comesBackWith: Record<string, string> = {}
  /** Makes the ID token instead. */
  idToken: ((claims: Record<string, unknown>) => Promise<string>) | undefined
  /** Paths that were asked for. */
  readonly asked: string[] = []
  readonly #codes = new Map<string, Code>()
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  #port = 0

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Its time, as tokens have it. */
  now(): number {
    return Math.floor(Date.now() / 1000)
  }

  async start(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  /** An ID token by its own key. */
  async sign(claims: Record<string, unknown>, header: Record<string, unknown> = {}): Promise<string> {
    const { privateKey } = await KEYS
    const signed = [{ alg: 'RS256', kid: 'k1', ...header }, claims].map(base64url).join('.')
    return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', this.url)
    this.asked.push(url.pathname)
    const instead = this.instead.get(url.pathname)
    if (instead !== undefined) return instead(request, response)
    if (url.pathname === '/.well-known/openid-configuration') return json(response, 200, this.#metadata())
    if (url.pathname === '/jwks') return json(response, 200, await this.#jwks())
    if (url.pathname === '/authorize') return this.#authorize(url.searchParams, response)
    if (url.pathname === '/token') return this.#token(request, response)
    json(response, 404, {})
  }

  #metadata() {
    const { url } = this
    return {
      issuer: url,
      authorization_endpoint: `${url}/authorize`,
      token_endpoint: `${url}/token`,
      jwks_uri: `${url}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256', 'ES256'],
      authorization_response_iss_parameter_supported: true,
    }
  }

  async #jwks() {
    const { publicKey } = await KEYS
    return { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', alg: 'RS256', use: 'sig' }] }
  }

  #authorize(asked: URLSearchParams, response: ServerResponse): void {
    const text = (name: string): string => asked.get(name) ?? ''
    const back = new URL(text('redirect_uri'))
    const code = randomBytes(16).toString('base64url')
    this.#codes.set(code, {
      nonce: text('nonce'),
      challenge: text('code_challenge'),
      redirectUri: text('redirect_uri'),
    })
    const given = { code, state: text('state'), iss: this.url, ...this.comesBackWith }
    for (const [name, value] of Object.entries(given)) back.searchParams.set(name, value)
    response.writeHead(302, { location: back.href }).end()
  }

  async #token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const form = new URLSearchParams(Buffer.concat(chunks).toString())
    if (shownBy(request) !== `${CLIENT.id}:${CLIENT.secret}`)
      return json(response, 401, { error: 'invalid_client' })
    const code = form.get('code') ?? ''
    const known = this.#codes.get(code)
    // Good once.
    this.#codes.delete(code)
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    if (known?.challenge !== challenge || known.redirectUri !== form.get('redirect_uri'))
      return json(response, 400, { error: 'invalid_grant' })
    const now = this.now()
    const usual = { iss: this.url, aud: CLIENT.id, sub: 'dora', nonce: known.nonce, iat: now, exp: now + 300 }
    const claims = { ...usual, ...this.claims }
    const make = this.idToken ?? ((given) => this.sign(given))
    json(response, 200, { access_token: 'A', token_type: 'Bearer', id_token: await make(claims) })
  }
}

function base64url(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

/** RFC 6749 §2.3.1: id and secret are form-encoded before they are put together. */
function shownBy({ headers }: IncomingMessage): string {
  const [, encoded = ''] = /^Basic (\S+)$/.exec(headers.authorization ?? '') ?? []
  return decodeURIComponent(Buffer.from(encoded, 'base64').toString())
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
