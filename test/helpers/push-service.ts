import assert from 'node:assert/strict'
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A message as a push service gets it. */
export type PushMessage = {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A browser's end of a push subscription: it alone can read what is sent to it (RFC 8291). */
export class PushBrowser {
  readonly #keys = createECDH('prime256v1')
  readonly #auth = Buffer.alloc(16, 5)

  constructor() {
    this.#keys.generateKeys()
  }

  /** As `PushSubscription.toJSON()` gives it. */
  subscription(endpoint: string) {
    const p256dh = this.#keys.getPublicKey().toString('base64url')
    return { endpoint, expirationTime: null, keys: { p256dh, auth: this.#auth.toString('base64url') } }
  }

  /** RFC 8291 §3.4 and RFC 8188 §2, step by step, by nothing of what made it. */
  open(body: Buffer): Record<string, unknown> {
    const salt = body.subarray(0, 16)
    const recordBytes = body.readUInt32BE(16)
    const keyBytes = body.readUInt8(20)
    const senderKey = body.subarray(21, 21 + keyBytes)
    const record = body.subarray(21 + keyBytes)
    assert.ok(body.length <= 4_096 && record.length <= recordBytes, 'one record')
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.#keys.getPublicKey(), senderKey])
    const ikm = Buffer.from(hkdfSync('sha256', this.#keys.computeSecret(senderKey), this.#auth, info, 32))
    const key = Buffer.from(hkdfSync('sha256', ikm, salt, 'Content-Encoding: aes128gcm\0', 16))
    const nonce = Buffer.from(hkdfSync('sha256', ikm, salt, 'Content-Encoding: nonce\0', 12))
    const decipher = createDecipheriv('aes-128-gcm', key, nonce)
    decipher.setAuthTag(record.subarray(-16))
    const padded = Buffer.concat([decipher.update(record.subarray(0, -16)), decipher.final()])
    const end = padded.lastIndexOf(2)
    assert.ok(
      padded.subarray(end + 1).every((byte) => byte === 0),
      'the last record',
    )
    return JSON.parse(padded.subarray(0, end).toString('utf8'))
  }
}

/** Checks `Authorization` as a push service does (RFC 8292 §3), and gives what its token claims. */
export function vapidClaims(authorization: string | undefined, publicKey: string): Record<string, unknown> {
  const [, token = '', key] = /^vapid t=([^,]+), ?k=([\w-]+)$/.exec(authorization ?? '') ?? []
  assert.equal(key, publicKey)
  const [head = '', claims = '', signature = ''] = token.split('.')
  const point = Buffer.from(publicKey, 'base64url')
  const [x, y] = [point.subarray(1, 33).toString('base64url'), point.subarray(33).toString('base64url')]
  const jwk = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
  const isGenuine = verify(
    'sha256',
    Buffer.from(`${head}.${claims}`),
    { key: jwk, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  assert.ok(isGenuine, 'the token is signed with the key')
  return JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'))
}

/** A push service on loopback that answers as the test says. */
export class PushService {
  readonly got: PushMessage[] = []
  /** Default: 201. */
  behave: ((response: ServerResponse) => void) | undefined
  readonly #server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    this.got.push({ path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) })
    if (this.behave !== undefined) this.behave(response)
    else response.writeHead(201).end()
  })

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
