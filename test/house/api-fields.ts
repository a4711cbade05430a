import { type OpenApi, referredName, resolve, type Schema } from './openapi.ts'

/** A member of a JSON object, for a table: its path, what it may be, whether it must be there, what it is. */
export type Field = {
  readonly path: string
  readonly type: string
  readonly isRequired: boolean
  readonly description: string
}

/** Nesting past which the page only says `object`. */
const DEPTH_MAX = 5

/**
 * Every member of a schema, those of inner objects and items under their paths: `event.type`, `endpoints[].outcome`.
 *
 * @param isAnswer says of a member that it may be `null`; in a request that is as good as absent
 */
export function fieldsOf(document: OpenApi, schema: Schema, isAnswer: boolean): readonly Field[] {
  return membersOf(document, schema, isAnswer, '', 0)
}

function membersOf(
  document: OpenApi,
  given: Schema,
  isAnswer: boolean,
  prefix: string,
  depth: number,
): readonly Field[] {
  const schema = resolve(document, given)
  if (schema.items !== undefined)
    return membersOf(document, schema.items, isAnswer, prefix === '' ? '' : `${prefix}[]`, depth)
  if (depth > DEPTH_MAX) return []
  const required = new Set(schema.required)
  return Object.entries(schema.properties ?? {}).flatMap(([name, member]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    const isRequired = required.has(name)
    const { description = '' } = { ...resolve(document, member), ...member }
    const field = { path, type: typeOf(document, member, isAnswer), isRequired, description }
    return [field, ...membersOf(document, member, isAnswer, path, depth + 1)]
  })
}

/** What a value may be, in words: `integer, 1 to 86,400`. */
export function typeOf(document: OpenApi, given: Schema, isAnswer: boolean): string {
  const schema = resolve(document, given)
  if (schema.anyOf !== undefined)
    return schema.anyOf
      .map((one) => referredName(one) ?? typeOf(document, one, isAnswer))
      .map((name) => `\`${name}\``)
      .join(' or ')
  const types = [schema.type ?? 'any value'].flat()
  const words = types
    .filter((type) => type !== 'null')
    .map((type) => typeInWords(document, schema, type, isAnswer))
  const all = isAnswer && types.includes('null') ? [...words, '`null`'] : words
  return [all.join(' or '), ...boundsOf(schema)].filter((part) => part !== '').join(', ')
}

function typeInWords(document: OpenApi, schema: Schema, type: string, isAnswer: boolean): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``
  if (schema.enum !== undefined) return choice(schema.enum)
  if (type === 'array') return `array of ${itemsInWords(document, schema.items ?? {}, isAnswer)}`
  if (schema.format === 'date-time') return 'instant'
  return type
}

function choice(values: readonly unknown[]): string {
  const words = values.map((value) => `\`${value}\``).join(', ')
  return values.length > 1 ? `one of ${words}` : words
}

function itemsInWords(document: OpenApi, items: Schema, isAnswer: boolean): string {
  const name = referredName(items)
  if (name !== undefined) return `\`${name}\``
  const [words = '', ...bounds] = typeOf(document, items, isAnswer).split(/, (?=at|\d)/)
  if (items.enum !== undefined) return choice(items.enum).replace('one of', 'any of')
  const several = /^(string|object|integer)$/.test(words) ? `${words}s` : words
  return bounds.length === 0 ? several : `${several} (${bounds.join(', ')})`
}

function boundsOf(schema: Schema): readonly string[] {
  return [
    range(schema.minimum, schema.maximum, ''),
    range(schema.minLength, schema.maxLength, ' characters'),
    range(schema.minItems, schema.maxItems, ' items'),
    schema.default === undefined ? '' : `default \`${JSON.stringify(schema.default)}\``,
  ]
}

function range(min: number | undefined, max: number | undefined, unit: string): string {
  if (min !== undefined && max !== undefined) return `${inWords(min)} to ${inWords(max)}${unit}`
  if (max !== undefined) return `at most ${inWords(max)}${unit}`
  return min === undefined ? '' : `at least ${inWords(min)}${unit}`
}

function inWords(count: number): string {
  return count.toLocaleString('en-US')
}
