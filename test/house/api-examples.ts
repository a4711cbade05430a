import { type OpenApi, type Place, resolve, type Schema } from './openapi.ts'

/** What things are called in all examples, where the document has no example of its own. */
const STORY: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['userId', 'bob'],
  ['sub', 'bob'],
  ['userEndpointId', 'bobs-phone'],
  ['organizationId', 'acme'],
  ['webhookId', 'presence'],
  ['eventId', '0190d9b2-6a8e-7cc1-9d0f-3a1f0c5b7e42'],
  ['id', '0190d9b2-6a8e-7cc1-9d0f-3a1f0c5b7e42'],
  ['jti', '0190d9b2-6a8e-7cc1-9d0f-3a1f0c5b7e43'],
  ['access_token', 'eyJhbGciOiJSUzI1NiIsInR5cCI6…'],
  ['expires_in', 3600],
  ['scope', 'rtc'],
  ['token', '$TOKEN'],
  ['url', 'https://hooks.acme.example/rollcall'],
  ['event', { type: 'CallOfferedEvent', timestamp: '2026-01-01T12:00:00Z', caller: 'Alice' }],
  ['masks', ['$.caller']],
  ['keepAliveSeconds', 30],
  ['qos', 1],
  ['count', 1],
  ['registered', 1],
  ['connected', 1],
  ['pending', 0],
  ['deadLetters', 0],
  ['failure', 'status_503'],
  ['sequence', 258],
  ['lastSeenAt', '2026-01-01T12:00:00.000Z'],
])

/** The value that stands for a parameter or a field in the examples; `undefined` where nothing tells one. */
export function exampleOf(document: OpenApi, given: Schema, name = ''): unknown {
  const schema = resolve(document, given)
  const [example] = schema.examples ?? []
  if (example !== undefined) return example
  if (schema.const !== undefined) return schema.const
  const built = schema.type === 'object' ? objectOf(document, schema) : undefined
  if (built !== undefined) return built
  const told = STORY.get(name)
  if (told !== undefined && fits(told, schema)) return told
  if (schema.enum !== undefined) return schema.enum[0]
  return build(document, schema, name)
}

/** So that a list called `events` is not told as one event. */
function fits(value: unknown, schema: Schema): boolean {
  const types = [schema.type ?? []].flat()
  if (Array.isArray(value)) return types.includes('array')
  if (typeof value === 'number') return types.includes('integer') || types.includes('number')
  return types.includes(typeof value)
}

function build(document: OpenApi, schema: Schema, name: string): unknown {
  switch ([schema.type ?? []].flat()[0]) {
    case 'boolean':
      return schema.default ?? true
    case 'integer':
    case 'number':
      return schema.default
    case 'array':
      return listOf(exampleOf(document, schema.items ?? {}, name.replace(/s$/, '')))
    default:
      return schema.anyOf?.map((one) => exampleOf(document, one)).find((one) => one !== undefined)
  }
}

function listOf(item: unknown): unknown {
  return item === undefined ? undefined : [item]
}

/** Only what must be there, and nothing where that is nothing, or has no example. */
function objectOf(document: OpenApi, { properties = {}, required = [] }: Schema): unknown {
  const members = required.map((name) => [name, exampleOf(document, properties[name] ?? {}, name)] as const)
  if (members.length === 0 || members.some(([, value]) => value === undefined)) return undefined
  return Object.fromEntries(members)
}

/** A request to the operation, as one types it into a shell. */
export function curlOf(document: OpenApi, { method, path, operation }: Place): string {
  const url = `http://127.0.0.1:8080${filled(document, path, operation.parameters ?? [])}`
  // curl itself takes GET, and POST where there is a body.
  const usual = operation.requestBody === undefined ? 'GET' : 'POST'
  const verb = method === usual ? [] : [`-X ${method}`]
  const bearer = operation.security.length > 0 ? ['-H "Authorization: Bearer $TOKEN"'] : []
  return ['curl -s', ...verb, url, ...bearer, ...bodyOf(document, operation)]
    .join(' ')
    .replaceAll(' -H', ' \\\n  -H')
    .replaceAll(' -d', ' \\\n  -d')
}

function filled(
  document: OpenApi,
  path: string,
  parameters: NonNullable<Place['operation']['parameters']>,
): string {
  return path.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
    const parameter = parameters.find((one) => one.name === name)
    const value = parameter?.example ?? exampleOf(document, parameter?.schema ?? { type: 'string' }, name)
    return value === undefined ? whole : encodeURIComponent(String(value))
  })
}

function bodyOf(document: OpenApi, { requestBody }: Place['operation']): readonly string[] {
  const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? []
  if (type === undefined || content === undefined) return []
  const value = exampleOf(document, content.schema) ?? {}
  if (type !== 'application/x-www-form-urlencoded')
    return [`-H 'Content-Type: ${type}'`, `-d '${JSON.stringify(value)}'`]
  const pairs = Object.entries(value).map(([name, text]) => `-d "${name}=${text}"`)
  // Where a client has nothing to show there is none.
  const hasClient = Object.hasOwn(resolve(document, content.schema).properties ?? {}, 'client_id')
  return [...(hasClient ? ['-u acme-backend:acme-secret'] : []), ...pairs]
}
