import { SetupError } from './setup.ts'
import type { Place } from './topology/open-finder.ts'
import type { Address } from './wire.ts'

const PORT = 6379
const SENTINEL_PORT = 26_379

/** `redis://` for one server or several of a cluster, `redis+sentinel://` for sentinels; with a second s: TLS. */
const FORM = /^redis(s?)(\+sentinel)?:\/\/(?:([^@/]*)@)?([^@/?#]+)(\/[^?#]*)?$/
/** An address of IPv6 stands in brackets. */
const HOST = /^(?:\[([\da-f:.%]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/i

/**
 * Where the Redis of a URL is.
 *
 * @param url `redis://[user:password@]host[:port][,host[:port]…][/database]` or `redis+sentinel://…/name[/database]`; `rediss` for
 *   TLS
 * @param ca certificates that its own is checked by; absent: those that Node trusts
 * @returns `undefined` where it has not that form
 */
export function readPlace(url: string, ca?: string): Place | undefined {
  const [, secure = '', sentinel, user, hosts = '', path = ''] = FORM.exec(url) ?? []
  const segments = path.split('/').slice(1).map(decoded)
  const [database = '', ...left] = sentinel === undefined ? segments : segments.slice(1)
  const master = sentinel === undefined ? undefined : segments[0]
  const isWrong = left.length > 0 || !/^\d{0,5}$/.test(database) || master === ''
  if (isWrong || (sentinel !== undefined && master === undefined)) return undefined
  const port = sentinel === undefined ? PORT : SENTINEL_PORT
  const common = { ...readUser(user), ...(Number(database) > 0 ? { database: Number(database) } : {}) }
  const tls = ca === undefined ? {} : { ca }
  const addresses = hosts.split(',').map((one) => readHost(one, port))
  const [first, ...others] = addresses.flatMap((one) =>
    one === undefined
      ? []
      : [{ ...one, ...common, ...(secure === '' ? {} : { tls: { servername: one.host, ...tls } }) }],
  )
  if (first === undefined || others.length + 1 < addresses.length) return undefined
  return { addresses: [first, ...others], ...(master === undefined ? {} : { master }) }
}

/** @throws SetupError where it is not the URL of a Redis, as {@link readPlace} has it */
export function placeOf(url: string, ca?: string): Place {
  const place = readPlace(url, ca)
  if (place === undefined) throw new SetupError('REDIS_URL has not the form that docs/cluster.md shows.')
  return place
}

function readUser(user: string | undefined): Pick<Address, 'username' | 'password'> {
  if (user === undefined) return {}
  const at = user.indexOf(':')
  const [name, password] = at === -1 ? [user, ''] : [user.slice(0, at), user.slice(at + 1)]
  return {
    ...(name === '' ? {} : { username: decoded(name) }),
    ...(password === '' ? {} : { password: decoded(password) }),
  }
}

function readHost(text: string, port: number): Pick<Address, 'host' | 'port'> | undefined {
  const [, inBrackets, name, given = String(port)] = HOST.exec(text) ?? []
  const host = inBrackets ?? name
  return host === undefined || Number(given) > 65_535 ? undefined : { host, port: Number(given) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
