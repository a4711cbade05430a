import { isIP } from 'node:net'
import { FormError, type Reader, readFlag } from '../parse/parse.ts'

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

export const LOG_LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

/** A key that cannot be used. The message begins with the key's name as the user wrote it, never with its value. */
export class ConfigurationError extends Error {
  constructor(key: string, problem: string) {
    super(`${key}: ${problem}`)
    this.name = 'ConfigurationError'
  }
}

/** What need not be set. */
export function orUnset<T>(read: Reader<T>): Reader<T | undefined> {
  return (value, key) => (value === undefined ? undefined : read(value, key))
}

/** A number in the file, decimal digits in the environment. */
export function digits(read: Reader<number>): Reader<number> {
  return (value, key) =>
    read(typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value, key)
}

/** `true` or `false`, as JSON or as a word. */
export const readWord: Reader<boolean> = (value, key) =>
  value === 'true' || (value === 'false' ? false : readFlag(value, key))

/** An http(s) URL without path, query or credentials. */
export function isBaseUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return url !== undefined && /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href
}

/** The URL of a Redis, as it was given: a password may be in it. */
export function isRedisUrl(text: string): boolean {
  return REDIS_URL.test(text)
}

/** Several hosts are of one cluster, or sentinels, which need the name of what they watch. */
const REDIS_HOSTS = String.raw`(?:\[[\da-fA-F:.%]+\]|[^\s:,@/?#[\]]+)(?::\d{1,5})?`
const REDIS_URL = new RegExp(
  String.raw`^rediss?(?:://|\+sentinel://(?=[^/]*/[^/]))(?:[^@/]*@)?${REDIS_HOSTS}(?:,${REDIS_HOSTS})*(?:/[^?#]*)?$`,
)

/**
 * A JSON array of strings in the file, comma-separated in the environment.
 *
 * @param read what is kept of an item; `undefined`: it cannot be used, and the error says which one it is
 */
export function words(range: string, read: (item: string) => string | undefined): Reader<readonly string[]> {
  const expected = `must be a list of ${range}`
  return (value, key) => {
    const items = typeof value === 'string' ? value.split(',').map((item) => item.trim()) : (value ?? [])
    if (!Array.isArray(items)) throw new FormError(key, expected)
    return items.map((item: unknown, index) => {
      const kept = typeof item === 'string' ? read(item) : undefined
      if (kept === undefined)
        throw new FormError(key, `item ${index + 1}${shown(item)} is wrong: ${expected}`)
      return kept
    })
  }
}

/** For {@link words}: items that are kept as they are. */
export function where(accepts: (item: string) => boolean): (item: string) => string | undefined {
  return (item) => (accepts(item) ? item : undefined)
}

/** Enough of an item to find it. Credentials in a URL are secrets. */
function shown(item: unknown): string {
  if (typeof item !== 'string' || item === '') return ''
  const text = item.replace(/^.*@/s, '***@')
  return ` (${JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)})`
}

/** Any JSON in the file, the same as text in the environment; whoever owns the key checks its form. */
export function jsonThat(expected: string): Reader<unknown> {
  return (value, key) => {
    if (typeof value !== 'string') return value
    try {
      return JSON.parse(value)
    } catch {
      throw new FormError(key, `must be ${expected}`)
    }
  }
}

/** An IP address, or one with a prefix length. */
export function isAddressRange(item: string): boolean {
  const [address = '', prefix, ...rest] = item.split('/')
  const bitsMax = isIP(address) === 4 ? 32 : 128
  const prefixFits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bitsMax)
  return isIP(address) !== 0 && prefixFits && rest.length === 0
}
