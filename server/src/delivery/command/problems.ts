import { ID_CHARACTERS_MAX } from '@rollcall/protocol/limits'
import type { JsonValue } from '../../masks/masks.ts'

/** An object out of JSON. */
export type JsonObject = { readonly [key: string]: JsonValue }

/** What is wrong with a body, by field. */
export type Problems = Map<string, string>

/** Whether a field was not given: `null` equals absent. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}

/** Whether a value is what an event id or an idempotency key may be. */
export function isShortText(value: unknown): value is string {
  return (
    typeof value === 'string' && value.length > 0 && value.length <= ID_CHARACTERS_MAX && value.isWellFormed()
  )
}
