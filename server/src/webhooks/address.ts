import { BlockList, isIP, isIPv6 } from 'node:net'

/** IPv4 addresses that are not of the public internet (IANA IPv4 Special-Purpose Address Registry, RFC 6890). */
const SPECIAL_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]

/**
 * Of IPv6 only global unicast is public (RFC 4291 §2.4), without what in it stands for other addresses: so
 * unspecified, loopback, link-local, unique local, multicast, IPv4-mapped and NAT64 addresses never are.
 */
const PUBLIC_V6: readonly [string, number] = ['2000::', 3]
const SPECIAL_V6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** Judges addresses that a webhook's host name stands for. */
export interface Addresses {
  /** Whether a webhook may be sent there; over plain HTTP only to addresses that are allowed by name. */
  isAllowed(address: string, isEncrypted: boolean): boolean
}

/** @param allowed addresses and CIDR ranges that may be used although they are not public, checked before */
export function judgeAddresses(allowed: readonly string[]): Addresses {
  const allowedRanges = blockList(allowed.map(parseRange))
  const special4 = blockList(SPECIAL_V4)
  const special6 = blockList(SPECIAL_V6)
  const public6 = blockList([PUBLIC_V6])
  const isListed = (address: string): boolean =>
    has(allowedRanges, address) || has(allowedRanges, unmapped(address))
  const isPublic = (address: string): boolean =>
    isIPv6(address) ? has(public6, address) && !has(special6, address) : !has(special4, address)
  return {
    isAllowed(text, isEncrypted) {
      // A zone does not say whose an address is (RFC 4007 §11).
      const [address = ''] = text.split('%')
      if (isIP(address) === 0) return false
      return isListed(address) || (isEncrypted && isPublic(address))
    },
  }
}

function parseRange(range: string): readonly [string, number] {
  const [address = '', prefix] = range.split('/')
  return [address, prefix === undefined ? (isIPv6(address) ? 128 : 32) : Number(prefix)]
}

function blockList(ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList()
  for (const [address, prefix] of ranges) list.addSubnet(address, prefix, family(address))
  return list
}

function has(list: BlockList, address: string): boolean {
  return list.check(address, family(address))
}

function family(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}

/** The IPv4 address that an IPv4-mapped one stands for (RFC 4291 §2.5.5.2). */
function unmapped(address: string): string {
  return MAPPED.exec(isIPv6(address) ? canonical(address) : '')?.[1] ?? address
}

/** `::ffff:7f00:1` as `::ffff:127.0.0.1`. */
function canonical(address: string): string {
  const [, high, low] =
    /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/.exec(new URL(`http://[${address}]`).hostname) ?? []
  if (high === undefined || low === undefined) return address
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low, 16)]
  return `::ffff:${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`
}
