import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'

/** Marks what is handed out, so that it is known again when it comes back. */
export interface Tags {
  /** 16 characters of base64url that nobody else can make for this text. */
  tag(text: string): string
  /** Whether `tag` is what `tag(text)` gives, or gave with the former key. */
  isTag(tag: string, text: string): boolean
}

const TAG_BYTES = 12
const TAG_CHARACTERS = 16

/**
 * HMAC-SHA-256 (RFC 2104), cut to 96 bits, by a key of its own that is made of the sealing key (RFC 5869).
 *
 * @param keys the present one first
 */
export function createTags(keys: readonly Buffer[]): Tags {
  const own = keys.map((key) => Buffer.from(hkdfSync('sha256', key, '', 'rollcall tags', 32)))
  const [present = Buffer.alloc(0)] = own
  return {
    tag: (text) => tagOf(present, text).toString('base64url'),
    isTag(tag, text) {
      const given = Buffer.from(tag, 'base64url')
      // What is no base64url is read over, and what is too much of it.
      if (given.length !== TAG_BYTES || tag.length !== TAG_CHARACTERS) return false
      return own.some((key) => timingSafeEqual(given, tagOf(key, text)))
    },
  }
}

function tagOf(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest().subarray(0, TAG_BYTES)
}
