import type { AllowedOrigins } from '../../config/config.ts'

/** What a client calls, by `Host` or by `PUBLIC_URL`. */
type Place = { readonly name: string; readonly port: string | undefined }

/** RFC 6455 §3, RFC 9110 §4.2. */
const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map([
  ['http:', '80'],
  ['ws:', '80'],
  ['https:', '443'],
  ['wss:', '443'],
])
const HOST = /^(\[[\da-f:.]+\]|[^\s/?#@\\:[\]]+)(?::(\d{1,5}))?$/i

/**
 * Whether a web page may connect. A browser always names the page's origin (RFC 6455 §10.2) and anything else
 * is free not to, so this protects people's browsers, not the server: access is by token.
 *
 * Clients that are no browsers send an origin too: that of the server itself, as `wss:` or as `https:`, with or
 * without the port that the scheme has anyway, and so they write `Host`.
 *
 * @param origin the `Origin` header; absent: not a browser
 * @param host the `Host` header
 * @param publicUrl the base URL that clients see, whatever a proxy makes of `Host`
 */
export function isOriginAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: AllowedOrigins,
  publicUrl: string | undefined,
): boolean {
  if (origin === undefined || allowed.has(origin)) return true
  const page = URL.canParse(origin) ? new URL(origin) : undefined
  const pagePort = page && (page.port || DEFAULT_PORTS.get(page.protocol))
  if (page === undefined || pagePort === undefined) return false
  return [placeOfHost(host), placeOfUrl(publicUrl)].some(
    (place) => place?.name === page.hostname && isPort(pagePort, place.port),
  )
}

/** A `Host` without a port was asked at the scheme's own, and whoever forwards it does not say which scheme. */
function isPort(pagePort: string, port: string | undefined): boolean {
  return port === undefined ? pagePort === '80' || pagePort === '443' : port === pagePort
}

function placeOfHost(host: string | undefined): Place | undefined {
  const [, name, port] = HOST.exec(host ?? '') ?? []
  const url = `http://${name}`
  // As the page's is written: lower case, in ASCII, and an IPv6 address in its shortest form.
  return name !== undefined && URL.canParse(url) ? { name: new URL(url).hostname, port } : undefined
}

function placeOfUrl(publicUrl: string | undefined): Place | undefined {
  if (publicUrl === undefined) return undefined
  const { hostname, port, protocol } = new URL(publicUrl)
  return { name: hostname, port: port || DEFAULT_PORTS.get(protocol) }
}
