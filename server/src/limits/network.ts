import { isIPv6 } from 'node:net'

/**
 * What an address is counted as: an IPv4 address as itself, an IPv6 one as its /64, because whoever has one of
 * those has all 2^64 of it.
 */
export function networkOf(address: string): string {
  return networksOf(address)[0]
}

/**
 * The networks that an address is in, from narrow to wide: of IPv6 its /64, its /56 and its /48, which is what a
 * household and a site are given; of IPv4 the address alone.
 */
export function networksOf(address: string): readonly [string, ...string[]] {
  const plain = address.replace(/%.*$/, '')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1]
  if (mapped !== undefined) return [mapped]
  if (!isIPv6(plain)) return [plain]
  const groups = groupsOf(plain).slice(0, 4)
  const site = groups.slice(0, 3)
  const half = (Number.parseInt(groups[3] ?? '0', 16) & 0xff00).toString(16)
  return [`${groups.join(':')}::/64`, `${[...site, half].join(':')}::/56`, `${site.join(':')}::/48`]
}

/** The first groups of an IPv6 address, `::` written out. */
function groupsOf(address: string): readonly string[] {
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? [] : tail.split(':')
  // A dotted end stands for two groups; where it stands does not matter here, for it is behind the first four.
  const missing = 8 - groups.length - rest.length - (address.includes('.') ? 1 : 0)
  const zeros = tail === undefined ? [] : Array.from({ length: missing }, () => '0')
  return [...groups, ...zeros, ...rest].map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
}
