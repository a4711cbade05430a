import type { TlsOptions } from 'node:tls'
import type { Configuration } from '../config/config.ts'

/** A certificate chain and its private key, both PEM, and how TLS is spoken; what is left out is as Node has it. */
export type Certificate = Pick<
  TlsOptions,
  'ca' | 'minVersion' | 'ciphers' | 'requestCert' | 'rejectUnauthorized'
> & { readonly cert: string | Buffer; readonly key: string | Buffer }

/** A built web page, `index.html` and what it needs, all of which is served. */
export type Page = {
  /** With a slash at both ends, for example `/console/`. */
  readonly path: string
  /** An absolute path of a folder that exists. */
  readonly folder: string
}

/** The SDK as one ES module, with its source map beside it. */
export type SdkFile = {
  /** An absolute path of a file that exists. */
  readonly file: string
  readonly version: string
}

/** What the HTTP front is told at its start. The picked keys: `docs/configuration.md`. */
export type HttpSettings = Pick<
  Configuration,
  | 'allowedOrigins'
  | 'trustedProxies'
  | 'tokenBytesMax'
  | 'httpIdleSeconds'
  | 'keepAliveSecondsMax'
  | 'iceServerUrls'
  | 'turnUrls'
  | 'turnSecret'
  | 'turnTtlSeconds'
  | 'metricsToken'
  | 'ackTimeoutSeconds'
> & {
  /** Whether the token endpoint takes credentials from the URL. Default: yes. */
  readonly clientCredentialsInQuery?: boolean
  /** Whether a request for this `Host` is answered. Default: every one is. */
  readonly isHostAllowed?: ((host: string | undefined) => boolean) | undefined
  /** With a certificate the port speaks HTTPS and WSS only. */
  readonly tls: Certificate | undefined
  /** Whether a backend must have shown a client certificate on the connection that it calls on. Default: no. */
  readonly backendsShowCertificate?: boolean
  readonly pages: readonly Page[]
  /** What is at `/sdk.js`. Default: nothing. */
  readonly sdk?: SdkFile | undefined
  /** Whether `/docs` and `/metrics` are served at this port. Default: both. */
  readonly docs?: boolean
  readonly metrics?: boolean
  /** One debug line for each request. It costs some speed: on only where the log level shows it. */
  readonly logRequests: boolean
  /** Whether the requests that come by the thousand have a lane of their own. Default: yes. */
  readonly fastLane?: boolean
  /** Other bounds than the defaults, for tests. */
  readonly bounds?: Partial<ConnectionBounds>
}

/** What one connection may take. After an upgrade to WebSocket none of them applies any more. */
export type ConnectionBounds = {
  /** From the first byte, or the connect, to the end of the headers. */
  readonly headersTimeoutMs: number
  /** From the first byte to the last of a request. */
  readonly requestTimeoutMs: number
  /**
   * A socket on which nothing moves at all while a request is under way, for example because its peer stopped reading
   * an answer. Between two requests none of these runs, but `httpIdleSeconds`.
   */
  readonly idleTimeoutMs: number
  /** How often the first two are looked at; they are late by so much. */
  readonly checkIntervalMs: number
  /** URL and headers besides a token: the credentials of a token request may stand in its URL. */
  readonly headerBytesMax: number
}

/** Bytes that a request's URL and headers may have, a token among them. */
export function headerBytesMax({
  tokenBytesMax,
  bounds,
}: Pick<HttpSettings, 'tokenBytesMax' | 'bounds'>): number {
  return tokenBytesMax + (bounds?.headerBytesMax ?? CONNECTION_BOUNDS.headerBytesMax)
}

export const CONNECTION_BOUNDS: ConnectionBounds = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  idleTimeoutMs: 120_000,
  checkIntervalMs: 2_000,
  headerBytesMax: 16_384,
}
