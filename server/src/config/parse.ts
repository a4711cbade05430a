import { isIP } from 'node:net'
import type { ConfigurationKey, Raw } from './key.ts'

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

export const LOG_LEVELS: readonly LogLevel[] = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']

/** A key that cannot be used. The message begins with the key's name as the user wrote it, never with its value. */
export class ConfigurationError extends Error {
  constructor(key: string, problem: string) {
    super(`${key}: ${problem}`)
    this.name = 'ConfigurationError'
  }
}

export function refuse(raw: Raw): never {
  throw new ConfigurationError(raw.label, `must be ${expectation(raw.key)}`)
}

function expectation({ type, range, unit }: ConfigurationKey): string {
  if (type === 'integer') return `an integer from ${range}${unit === '' ? '' : ` (${unit})`}`
  return type === 'list' ? `a list of ${range}` : range
}

/** An integer in the key's range: a number, or decimal digits. */
export function parseInteger(raw: Raw): number {
  const { value, key } = raw
  const parsed = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value
  if (typeof parsed !== 'number' || !Number.isInteger(parsed)) return refuse(raw)
  return parsed >= (key.min ?? 0) && parsed <= (key.max ?? Number.MAX_SAFE_INTEGER) ? parsed : refuse(raw)
}

/** `true` or `false`, as JSON or as a word. */
export function parseFlag(raw: Raw): boolean {
  if (raw.value === true || raw.value === 'true') return true
  return raw.value === false || raw.value === 'false' ? false : refuse(raw)
}

export function parseText(raw: Raw, charactersMin = 1): string | undefined {
  if (raw.value === undefined) return undefined
  return typeof raw.value === 'string' && raw.value.length >= charactersMin ? raw.value : refuse(raw)
}

/** One of a few words. */
export function parseChoice<Choice extends string>(raw: Raw, choices: readonly Choice[]): Choice {
  return choices.find((choice) => choice === raw.value) ?? refuse(raw)
}

/** An http(s) URL without path, query or credentials; a trailing slash is dropped. */
export function parseBaseUrl(raw: Raw): string | undefined {
  const given = parseText(raw)
  if (given === undefined) return undefined
  const url = URL.canParse(given) ? new URL(given) : refuse(raw)
  const isBase = /^https?:$/.test(url.protocol) && `${url.origin}/` === url.href
  return isBase ? url.origin : refuse(raw)
}

/** The URL of a Redis, as it was given: a password may be in it. */
export function parseRedisUrl(raw: Raw): string | undefined {
  const given = parseText(raw)
  if (given === undefined) return undefined
  return REDIS_URL.test(given) ? given : refuse(raw)
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
export function parseList(raw: Raw, read: (item: string) => string | undefined): readonly string[] {
  if (raw.value === undefined) return []
  const items = typeof raw.value === 'string' ? raw.value.split(',').map((item) => item.trim()) : raw.value
  if (!Array.isArray(items)) return refuse(raw)
  return items.map(
    (item: unknown, index) =>
      (typeof item === 'string' ? read(item) : undefined) ?? refuseItem(raw, item, index),
  )
}

/** For {@link parseList}: items that are kept as they are. */
export function where(accepts: (item: string) => boolean): (item: string) => string | undefined {
  return (item) => (accepts(item) ? item : undefined)
}

function refuseItem(raw: Raw, item: unknown, index: number): never {
  const shown = typeof item === 'string' && item !== '' ? ` (${withoutCredentials(item)})` : ''
  throw new ConfigurationError(
    raw.label,
    `item ${index + 1}${shown} is wrong: must be ${expectation(raw.key)}`,
  )
}

/** Enough of an item to find it. Credentials in a URL are secrets. */
function withoutCredentials(item: string): string {
  const shown = item.replace(/^.*@/s, '***@')
  return JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown)
}

/** Any JSON in the file, the same as text in the environment; whoever owns the key checks its form. */
export function parseJson(raw: Raw): unknown {
  if (typeof raw.value !== 'string') return raw.value
  try {
    return JSON.parse(raw.value)
  } catch {
    return refuse(raw)
  }
}

/** An IP address, or one with a prefix length. */
export function isAddressRange(item: string): boolean {
  const [address = '', prefix, ...rest] = item.split('/')
  const bitsMax = isIP(address) === 4 ? 32 : 128
  const prefixFits = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bitsMax)
  return isIP(address) !== 0 && prefixFits && rest.length === 0
}
