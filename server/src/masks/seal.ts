import { createCipheriv, createDecipheriv, createHash } from 'node:crypto'
import type { Random } from '../clock/clock.ts'
import { createTags, type Tags } from './tags.ts'

/** Seals what must not be on disk in clear, and marks what must be known again. */
export interface Sealer extends Tags {
  /** First bytes of the key's SHA-256 in hexadecimal: tells keys apart, and nothing else about them. */
  readonly keyId: string
  /**
   * Encrypts and authenticates.
   *
   * @param context what the sealed bytes belong to; the same must be given to `open`, so that they cannot be
   *   moved elsewhere
   */
  seal(clear: Buffer, context: string): Buffer
  /** The clear bytes, `undefined` where the bytes, the key or the context are not those of `seal`. Never throws. */
  open(sealed: Buffer, context: string): Buffer | undefined
}

export const SEALING_KEY_BYTES = 32

// version (1) · key id (4) · nonce (12) · tag (16) · ciphertext
const VERSION = 1
const KEY_ID_BYTES = 4
const NONCE_BYTES = 12
const TAG_BYTES = 16
const NONCE_START = 1 + KEY_ID_BYTES
const TAG_START = NONCE_START + NONCE_BYTES
const CIPHERTEXT_START = TAG_START + TAG_BYTES

/**
 * AES-256-GCM with a random 96-bit nonce for each event (NIST SP 800-38D §8.2.2: one key for at most 2^32
 * events, see `docs/masks.md` on rotation).
 *
 * @param key 32 bytes
 * @param former a key that opens what it has sealed, and seals nothing any more
 */
export function createSealer(key: Buffer, random: Random, former?: Buffer): Sealer {
  const header = headerOf(key)
  const headers = [
    { key, header },
    ...(former === undefined ? [] : [{ key: former, header: headerOf(former) }]),
  ]
  return {
    ...createTags(headers.map(({ key: one }) => one)),
    keyId: header.toString('hex', 1),
    seal: (clear, context) => seal(key, header, random.bytes(NONCE_BYTES), clear, context),
    open(sealed, context) {
      if (sealed.length < CIPHERTEXT_START) return undefined
      const start = sealed.subarray(0, NONCE_START)
      const used = headers.find((one) => start.equals(one.header))
      return used && open(used.key, sealed, context)
    },
  }
}

/** `Sealer.keyId` of whoever sealed it; `undefined`: nobody here has. */
export function keyIdIn(sealed: Uint8Array): string | undefined {
  const isOurs = sealed[0] === VERSION && sealed.length >= NONCE_START
  return isOurs ? Buffer.from(sealed.subarray(1, NONCE_START)).toString('hex') : undefined
}

function headerOf(key: Buffer): Buffer {
  if (key.length !== SEALING_KEY_BYTES) throw new Error(`A sealing key has ${SEALING_KEY_BYTES} bytes.`)
  const digest = createHash('sha256').update(key).digest()
  return Buffer.concat([Buffer.of(VERSION), digest.subarray(0, KEY_ID_BYTES)])
}

function seal(key: Buffer, header: Buffer, nonce: Buffer, clear: Buffer, context: string): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(authenticated(header, context))
  const ciphertext = Buffer.concat([cipher.update(clear), cipher.final()])
  return Buffer.concat([header, nonce, cipher.getAuthTag(), ciphertext])
}

function open(key: Buffer, sealed: Buffer, context: string): Buffer | undefined {
  const nonce = sealed.subarray(NONCE_START, TAG_START)
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(authenticated(sealed.subarray(0, NONCE_START), context))
  decipher.setAuthTag(sealed.subarray(TAG_START, CIPHERTEXT_START))
  const clear = decipher.update(sealed.subarray(CIPHERTEXT_START))
  try {
    return Buffer.concat([clear, decipher.final()])
  } catch {
    // The tag does not fit: what `update` gave is not to be looked at.
    return undefined
  }
}

function authenticated(header: Buffer, context: string): Buffer {
  return Buffer.concat([header, Buffer.from(context)])
}
