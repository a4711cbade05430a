import { RollcallError } from '@rollcall/protocol/error-code'
import { ID_RULE, isId } from '@rollcall/protocol/id'
import { ID_CHARACTERS_MAX } from '@rollcall/protocol/limits'
import { FormError, type Reader, textThat, valueThat } from './reader.ts'

/** A value as JSON has it. Objects may have own keys named like members of `Object.prototype`. */
export type JsonValue = null | boolean | number | string | JsonArray | JsonObject
export type JsonArray = readonly JsonValue[]
export type JsonObject = { readonly [key: string]: JsonValue }

/** What is wrong with an input, by field: whoever reads it goes on, so that all of it is told at once. */
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

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object that a body is. @throws RollcallError `invalid_request` */
export function objectIn(body: unknown): JsonObject {
  if (isJsonObject(body)) return body
  throw new RollcallError('invalid_request', 'The body must be a JSON object.')
}

/** A refusal that names every bad field. */
export function refuse(problems: Problems): RollcallError {
  const [[field, problem] = ['body', 'is not valid']] = problems
  return new RollcallError('invalid_request', `${field}: ${problem}`, { fields: problems })
}

/** The same in the words that all bodies are refused with, where anything is wrong. @throws RollcallError `invalid_request` */
export function refuseAny(problems: Problems): void {
  if (problems.size > 0) throw new RollcallError('invalid_request', undefined, { fields: problems })
}

/**
 * A member that may be absent, as `read` reads it. What is wrong with it is noted, so that whoever reads a body goes on;
 * whoever reads a form (`readForm`) stops there.
 */
export function noted<T>(body: JsonObject, name: string, read: Reader<T>, problems: Problems): T | undefined {
  const value = body[name]
  if (isAbsent(value)) return undefined
  try {
    return read(value, name)
  } catch (error) {
    if (!(error instanceof FormError)) throw error
    problems.set(error.path, error.problem)
    return undefined
  }
}

/** A string that may name somebody or something, which must be there. */
export function requiredId(body: JsonObject, name: string, problems: Problems): string {
  const value = body[name]
  if (isId(value)) return value
  problems.set(name, `must be ${ID_TEXT}`)
  return ''
}

const ID_TEXT = `a string of ${ID_RULE}`
export const readId = valueThat(isId, ID_TEXT)
export const readText = textThat(() => true, 'a string')
export const readShortText = valueThat(isShortText, `a string of 1 to ${ID_CHARACTERS_MAX} characters`)
export const readTexts = valueThat(areTexts, 'an array of strings')

function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
