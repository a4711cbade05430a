import { isId } from '@rollcall/protocol/id'
import { type TokenForm, TokenRefused } from './token-form.ts'

/** The latest moment that a date can hold; seconds. */
const SECONDS_MAX = 8_640_000_000_000

export type Claims = TokenForm['claims']

/** An id of the wire contract, or a refusal. */
export function requireId(value: unknown): string {
  if (!isId(value)) throw new TokenRefused('claims')
  return value
}

/** A non-empty string of at most 128 characters. */
export function requireText(value: unknown): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > 128) throw new TokenRefused('claims')
  return value
}

/** A NumericDate (RFC 7519 §2): seconds, maybe with a fraction. In milliseconds. */
export function requireDateMs(value: unknown): number {
  const isDate = typeof value === 'number' && value >= 0 && value <= SECONDS_MAX
  if (!isDate) throw new TokenRefused('claims')
  return Math.floor(value * 1000)
}

/** When the token begins to be good (`nbf`); 0 where it does not say. */
export function notBeforeMs(claims: Claims): number {
  const value = claims.get('nbf')
  return value === undefined ? 0 : requireDateMs(value)
}

/** When the token was issued (`iat`); 0, which is before everything, where it does not say. */
export function issuedAtMs(claims: Claims): number {
  const value = claims.get('iat')
  return value === undefined ? 0 : requireDateMs(value)
}

/** An array of strings, as many and as long as fit into a token: some providers put every group of a user there. Absent: none. */
export function requireAuthorities(value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw new TokenRefused('claims')
  return value.map((item: unknown) => {
    if (typeof item !== 'string') throw new TokenRefused('claims')
    return item
  })
}
