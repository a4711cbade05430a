import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'

/** Tells who a token is of: checked by its signature once, by the cache after that. Nothing else is looked at. */
export class TokenCache {
  readonly #keys: readonly KeyObject[]
  readonly #userOf = new Map<string, string>()

  /** @param file with the server's `/.well-known/jwks.json` */
  constructor(file: string) {
    const { keys }: { keys: readonly JsonWebKey[] } = JSON.parse(readFileSync(file, 'utf8'))
    this.#keys = keys.map((key) => createPublicKey({ key, format: 'jwk' }))
  }

  userOf(authorization: string | undefined): string | undefined {
    const token = authorization?.slice('Bearer '.length) ?? ''
    return this.#userOf.get(token) ?? this.#verify(token)
  }

  #verify(token: string): string | undefined {
    const [header, payload = '', signature = ''] = token.split('.')
    const bytes = Buffer.from(signature, 'base64url')
    const isGenuine = this.#keys.some((key) =>
      verify('RSA-SHA256', Buffer.from(`${header}.${payload}`), key, bytes),
    )
    if (!isGenuine) return undefined
    const { sub }: { sub: string } = JSON.parse(Buffer.from(payload, 'base64url').toString())
    this.#userOf.set(token, sub)
    return sub
  }
}
