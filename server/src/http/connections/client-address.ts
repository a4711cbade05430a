import type { IncomingHttpHeaders } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Whether an address, as a socket or an `X-Forwarded-For` tells it, is that of a proxy that is believed. */
export type IsTrusted = (address: string) => boolean

/** @param ranges IP addresses, or CIDR ranges */
export function trustedProxies(ranges: readonly string[]): IsTrusted {
  // To look an address up costs as much as to read the request that came from it.
  if (ranges.length === 0) return () => false
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    const family = familyOf(address)
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return (address) => {
    const plain = plainAddress(address)
    return plain !== undefined && list.check(plain, familyOf(plain))
  }
}

/**
 * Who asks: the farthest address that trusted proxies tell of. Some add the port of the connection (Azure), which is
 * another one each time, and would give everybody a limit of its own each time. What is no address is passed over, for
 * the same reason: then the proxy that said it counts.
 *
 * @param addresses from the socket's outwards, each told by a trusted one before it
 */
export function clientAddress(addresses: readonly (string | undefined)[]): string {
  const plain = addresses
    .map((address) => plainAddress(address ?? ''))
    .filter((address) => address !== undefined)
  return plain.at(-1) ?? ''
}

/** What tells an address, of a request in whatever form. */
export type Told = {
  readonly headers: IncomingHttpHeaders
  readonly socket: { readonly remoteAddress?: string | undefined }
}

/** The same of a request that the framework has not seen: a handshake, or one of the fast lane. */
export function toldAddress({ headers, socket }: Told, isTrusted: IsTrusted): string {
  const forwarded = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .reverse()
  const told = [socket.remoteAddress, ...forwarded]
  const last = told.findIndex((address) => !isTrusted(address ?? ''))
  return clientAddress(told.slice(0, last + 1))
}

// RFC 7239 §6 has the quotes and brackets; a port may stand behind, and RFC 4007's zone within.
const BRACKETED = /^\[([^\]]*)\](?::\d{1,5})?$/
const WITH_PORT = /^([\d.]+):\d{1,5}$/

/** An address without port, brackets, quotes and zone; IPv4 in its own form. `undefined`: it is none. */
function plainAddress(given: string): string | undefined {
  const text = given.trim().replace(/^"(.*)"$/, '$1')
  const bare = BRACKETED.exec(text)?.[1] ?? WITH_PORT.exec(text)?.[1] ?? text
  const [address = ''] = bare.split('%', 1)
  if (isIP(address) !== 6) return isIP(address) === 4 ? address : undefined
  return mappedIPv4(address) ?? address
}

/** RFC 4291 §2.5.5.2, however it is written. */
function mappedIPv4(address: string): string | undefined {
  const { hostname } = new URL(`http://[${address}]`)
  const [, high, low] = /^\[::ffff:([\da-f]{1,4}):([\da-f]{1,4})\]$/.exec(hostname) ?? []
  if (high === undefined || low === undefined) return undefined
  const bits = [high, low].map((group) => Number.parseInt(group, 16))
  return bits.flatMap((group) => [group >> 8, group & 0xff]).join('.')
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}
