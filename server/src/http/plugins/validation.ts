import { RollcallError } from '@rollcall/protocol/error-code'
import { ID_RULE, isId } from '@rollcall/protocol/id'
import type { FastifySchemaValidationError } from 'fastify'
import type { TSchema } from 'typebox'
import { ID_FORMAT, ID_OR_EMPTY_FORMAT } from '../schemas/commands.ts'

/**
 * Options of the schema validator. JSON types are strict and bodies are left as they came: no coercion, no
 * defaults filled in, no unknown fields removed. All errors of a body are told at once; our schemas have a
 * handful of fields, so that this is bounded.
 */
export const VALIDATOR_OPTIONS = {
  coerceTypes: false,
  useDefaults: false,
  removeAdditional: false,
  allErrors: true,
  allowUnionTypes: true,
  formats: {
    [ID_FORMAT]: isId,
    [ID_OR_EMPTY_FORMAT]: (value: string) => value === '' || isId(value),
  },
} as const

/** Turns the validator's errors about a body of this schema into one `invalid_request` that names each bad field. */
export function bodyErrors(schema: TSchema): (errors: FastifySchemaValidationError[]) => RollcallError {
  const expected = expectations(schema)
  return (errors) => {
    const names = new Set(errors.map(fieldName))
    if (names.has(undefined)) return new RollcallError('invalid_request', 'The body must be a JSON object.')
    const fields = [...expected].filter(([name]) => names.has(name))
    return new RollcallError('invalid_request', undefined, { fields })
  }
}

/** The field an error is about; `undefined`: the body itself. */
function fieldName({ keyword, instancePath, params }: FastifySchemaValidationError): string | undefined {
  if (instancePath !== '') return instancePath.split('/', 2)[1]
  return keyword === 'required' ? String(params['missingProperty']) : undefined
}

/** For each field, what it must be. */
function expectations(schema: TSchema): ReadonlyMap<string, string> {
  const properties: unknown = Reflect.get(schema, 'properties')
  if (typeof properties !== 'object' || properties === null) throw new Error('a body is an object')
  return new Map(
    Object.entries(properties).map(([name, property]) => [
      name,
      expectation(new Map(Object.entries(property))),
    ]),
  )
}

function expectation(property: ReadonlyMap<string, unknown>): string {
  const [type] = [property.get('type')].flat()
  if (type === 'object') return 'must be a JSON object'
  if (type === 'boolean') return 'must be true or false'
  if (type === 'integer')
    return `must be an integer from ${property.get('minimum')} to ${property.get('maximum')}`
  const isAnId = property.get('format') === ID_FORMAT || property.get('format') === ID_OR_EMPTY_FORMAT
  return isAnId
    ? `must be a string of ${ID_RULE}`
    : `must be a string of at most ${property.get('maxLength')} characters`
}
