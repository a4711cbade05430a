import type { Address } from './wire.ts'

const PORT = 6379

/**
 * Where the Redis of a URL is.
 *
 * @param url `redis://[user:password@]host[:port][/database]`, or `rediss://…`, checked for its form
 * @param ca certificates that its own is checked by; absent: those that Node trusts
 */
export function addressOf(url: string, ca?: string): Address {
  const { protocol, hostname, port, username, password, pathname } = new URL(url)
  // An address of IPv6 stands in brackets.
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  const database = Number(pathname.slice(1))
  return {
    host,
    port: port === '' ? PORT : Number(port),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(Number.isSafeInteger(database) && database > 0 ? { database } : {}),
    ...(protocol === 'rediss:' ? { tls: { servername: host, ...(ca === undefined ? {} : { ca }) } } : {}),
  }
}
