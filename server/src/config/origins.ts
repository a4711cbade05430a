/** The web pages that may call: what `ALLOWED_ORIGINS` says, ready to be asked. */
export interface AllowedOrigins {
  /** As configured, in the form in which browsers write origins. */
  readonly patterns: readonly string[]
  /** Whether every origin is allowed, `null` among them. */
  readonly isEverybody: boolean
  /** @param origin an `Origin` header, in any case and with or without a default port */
  has(origin: string): boolean
}

type Origin = { readonly scheme: string; readonly host: string; readonly port: string }

/** How browsers and the URL standard write these: host in ASCII, without the port that the scheme has anyway. */
const WEB_SCHEMES: ReadonlySet<string> = new Set(['http', 'https', 'ws', 'wss'])
/** What has such a URL has no origin of its own (HTML, "origin"): browsers send `null`. */
const SCHEMES_WITHOUT_ORIGIN: ReadonlySet<string> = new Set(['about', 'blob', 'data', 'javascript'])

// RFC 3986 §3.1, then a host (an IPv6 address in brackets) and a port; a slash may follow, and nothing else.
const FORM = /^([a-z][a-z\d+.-]*):\/\/(\[[\da-f:.]+\]|[^\s/?#@\\:[\]]*)(?::(\d{1,5}|\*))?\/?$/i
const ANY = '*'
const SUBDOMAINS = '*.'

/**
 * An item of `ALLOWED_ORIGINS` in the one form in which browsers send it: `*`, an origin of any scheme,
 * `https://*.example.com` for every host below that name (not the name itself), or `http://localhost:*` for every
 * port. `undefined` for anything else.
 */
export function parseOriginPattern(item: string): string | undefined {
  if (item === ANY) return item
  const [, scheme = '', host = '', port = ''] = FORM.exec(item) ?? []
  if (scheme === '') return undefined
  const isWildcard = host.startsWith(SUBDOMAINS)
  const name = isWildcard ? host.slice(SUBDOMAINS.length) : host
  if (name.includes('*') || (isWildcard && !isName(name))) return undefined
  const origin = normalised(scheme, name, port)
  return origin && text({ ...origin, host: isWildcard ? SUBDOMAINS + origin.host : origin.host })
}

/** Patterns that {@link parseOriginPattern} gave, ready to be asked. */
export function allowOrigins(patterns: readonly string[]): AllowedOrigins {
  const isEverybody = patterns.includes(ANY)
  const exact = new Set(patterns.filter((pattern) => !pattern.includes(ANY)))
  const wild = patterns.filter((pattern) => pattern !== ANY && pattern.includes(ANY)).map(split)
  return {
    patterns,
    isEverybody,
    has(sent) {
      if (isEverybody || exact.has(sent)) return true
      const origin = parseOrigin(sent)
      return origin !== undefined && (exact.has(text(origin)) || wild.some((one) => covers(one, origin)))
    },
  }
}

/** A name that can have names below it: no address, and at least one letter. */
function isName(host: string): boolean {
  return /[a-z\u0080-\u{10ffff}]/iu.test(host) && !host.startsWith('[') && !host.startsWith('.')
}

function parseOrigin(sent: string): Origin | undefined {
  const [, scheme = '', host = '', port = ''] = FORM.exec(sent) ?? []
  return scheme === '' || host.includes('*') || port === ANY ? undefined : normalised(scheme, host, port)
}

function normalised(givenScheme: string, host: string, port: string): Origin | undefined {
  const scheme = givenScheme.toLowerCase()
  if (SCHEMES_WITHOUT_ORIGIN.has(scheme) || Number(port) > 65_535) return undefined
  if (!WEB_SCHEMES.has(scheme)) return otherOrigin(scheme, host.toLowerCase(), port)
  const url = `${scheme}://${host}${port === '' || port === ANY ? '' : `:${port}`}`
  if (host === '' || !URL.canParse(url)) return undefined
  const parsed = new URL(url)
  return { scheme, host: parsed.hostname, port: port === ANY ? ANY : parsed.port }
}

/** Of an app or an extension: `capacitor://localhost`. Only a file needs no host. */
function otherOrigin(scheme: string, host: string, port: string): Origin | undefined {
  return host === '' && scheme !== 'file' ? undefined : { scheme, host, port }
}

function text({ scheme, host, port }: Origin): string {
  return `${scheme}://${host}${port === '' ? '' : `:${port}`}`
}

function split(pattern: string): Origin {
  const [, scheme = '', host = '', port = ''] = FORM.exec(pattern) ?? []
  return { scheme, host, port }
}

function covers(pattern: Origin, origin: Origin): boolean {
  if (pattern.scheme !== origin.scheme || (pattern.port !== ANY && pattern.port !== origin.port)) return false
  if (!pattern.host.startsWith(SUBDOMAINS)) return pattern.host === origin.host
  const below = pattern.host.slice(ANY.length)
  return origin.host.endsWith(below) && origin.host.length > below.length
}
