import { EVENT_TYPE_CHARACTERS_MAX } from './limits.ts'

/** An event as a device receives it: one JSON object with at least these members. */
export type Event = {
  /** Given by the sender (1 to 128 characters) or a UUIDv7 made by the server. */
  readonly id: string
  /** At least two capitalised words before the final `Event`, for example `CallOfferedEvent`. */
  readonly type: string
  /** ISO-8601 instant in UTC, for example `2011-12-03T10:15:30Z`. */
  readonly timestamp: string
} & { readonly [attribute: string]: unknown }

/** Type of the reminder that the server sends at two thirds of a period, where the endpoint asked for it. */
export const KEEP_ALIVE_REQUESTED = 'UserEndpointKeepAliveRequestedEvent'

/** The reminder: QoS 0, once a period. */
export type KeepAliveRequestedEvent = {
  readonly id: string
  readonly type: typeof KEEP_ALIVE_REQUESTED
  readonly timestamp: string
  readonly userId: string
  readonly userEndpointId: string
  readonly keepAliveSeconds: number
  /** ISO-8601 instant at which the endpoint expires unless a keepalive arrives. */
  readonly expiresAt: string
}

// A word is a capital followed by lower-case letters and digits, or a run of capitals. Each position can
// be read in one way only once the trailing `Event` is cut off, so that matching stays linear.
const TYPE_WORDS = /^(?:[A-Z][a-z0-9]*){2,}$/
const SUFFIX = 'Event'

/** What an event type may be, for error messages. */
export const EVENT_TYPE_RULE =
  'at least two capitalised words before a final "Event", e.g. "CallOfferedEvent", at most 256 characters'

/** Tells whether `value` is an event type: see {@link EVENT_TYPE_RULE}. */
export function isEventType(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > EVENT_TYPE_CHARACTERS_MAX) return false
  if (!value.endsWith(SUFFIX)) return false
  const words = value.slice(0, -SUFFIX.length)
  return TYPE_WORDS.test(words) && countWords(words) >= 2
}

/** Counts words where a run of capitals is one word: `SDPOffer` is `SDP` and `Offer`, `SDP` is one. */
function countWords(words: string): number {
  return words.match(/[A-Z][a-z0-9]+|[A-Z]+(?![a-z0-9])/g)?.length ?? 0
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/

/** What a timestamp may be, for error messages. */
export const INSTANT_RULE = 'an ISO-8601 instant in UTC, e.g. "2011-12-03T10:15:30Z"'

/**
 * Tells whether `value` is an ISO-8601 instant: a real date and time, seconds given, up to 9 fractional
 * digits, upper-case `T` and `Z`, no 24:00 and no leap second.
 */
export function isInstant(value: unknown): value is string {
  if (typeof value !== 'string' || !INSTANT.test(value)) return false
  const year = Number(value.slice(0, 4))
  const month = twoDigits(value, 5)
  const day = twoDigits(value, 8)
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false
  return twoDigits(value, 11) < 24 && twoDigits(value, 14) < 60 && twoDigits(value, 17) < 60
}

/** The number written with the two digits at `index`. */
function twoDigits(text: string, index: number): number {
  return (text.charCodeAt(index) - 48) * 10 + text.charCodeAt(index + 1) - 48
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28
  return [4, 6, 9, 11].includes(month) ? 30 : 31
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
}
