import { BlockList, isIP, isIPv6 } from 'node:net'
import { PLATFORM_ADDRESSES } from './platform-addresses.ts'

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

/**
 * IPv6 addresses that lead to an IPv4 one, and where in them it stands, in bits from the left: IPv4-compatible and
 * -mapped (RFC 4291 §2.5.5), translated (RFC 7915), NAT64 with its two prefixes (RFC 6052, RFC 8215), 6to4 (RFC 3056).
 */
const EMBEDDING: readonly { readonly range: readonly [string, number]; readonly atBit: number }[] = [
  { range: ['::', 96], atBit: 96 },
  { range: ['::ffff:0:0', 96], atBit: 96 },
  { range: ['::ffff:0:0:0', 96], atBit: 96 },
  { range: ['64:ff9b::', 96], atBit: 96 },
  { range: ['64:ff9b:1::', 48], atBit: 96 },
  { range: ['2002::', 16], atBit: 16 },
]

/** An IPv4-mapped address is listed where the IPv4 address is. */
const MAPPED: readonly [string, number] = ['::ffff:0:0', 96]
const MAPPED_AT_BIT = 96

/** Judges addresses that a webhook's host name stands for. */
export interface Addresses {
  /**
   * Whether a webhook may be sent there; over plain HTTP only to addresses that are allowed by name. Never to
   * `PLATFORM_ADDRESSES`, however they are written.
   */
  isAllowed(address: string, isEncrypted: boolean): boolean
}

/** @param allowed addresses and CIDR ranges that may be used although they are not public, checked before */
export function judgeAddresses(allowed: readonly string[]): Addresses {
  const allowedRanges = blockList(allowed.map(parseRange))
  const mapped = blockList([MAPPED])
  const special4 = blockList(SPECIAL_V4)
  const special6 = blockList(SPECIAL_V6)
  const public6 = blockList([PUBLIC_V6])
  const platform = blockList(PLATFORM_ADDRESSES)
  const embedding = EMBEDDING.map(({ range, atBit }) => ({ list: blockList([range]), atBit }))
  const embedded = (address: string): readonly string[] =>
    isIPv6(address)
      ? embedding.filter(({ list }) => has(list, address)).map(({ atBit }) => embeddedAt(address, atBit))
      : []
  const isOfPlatform = (address: string): boolean =>
    [address, ...embedded(address)].some((one) => has(platform, one))
  const isListed = (address: string): boolean =>
    has(allowedRanges, address) ||
    (isIPv6(address) && has(mapped, address) && has(allowedRanges, embeddedAt(address, MAPPED_AT_BIT)))
  const isPublic = (address: string): boolean =>
    isIPv6(address) ? has(public6, address) && !has(special6, address) : !has(special4, address)
  return {
    isAllowed(text, isEncrypted) {
      // A zone does not say whose an address is (RFC 4007 §11).
      const [address = ''] = text.split('%')
      if (isIP(address) === 0 || isOfPlatform(address)) return false
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

/** The IPv4 address that stands in an IPv6 one, 16 bits of each group. */
function embeddedAt(address: string, atBit: number): string {
  const groups = groupsOf(address)
  const bits = [groups[atBit / 16] ?? 0, groups[atBit / 16 + 1] ?? 0]
  return bits.flatMap((group) => [group >> 8, group & 255]).join('.')
}

/** The eight groups of an IPv6 address, whatever way it is written: the URL standard writes them in one. */
function groupsOf(address: string): readonly number[] {
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const numbers = (text: string): readonly number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const [left, right] = [numbers(head), numbers(tail ?? '')]
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right]
}
