import { curlOf, exampleOf } from './api-examples.ts'
import { type Field, fieldsOf, typeOf } from './api-fields.ts'
import { refusalsOf } from './api-refusals.ts'
import { anchorOf, table } from './markdown.ts'
import { type Answer, type OpenApi, operationsOf, type Place, referredName, type Schema } from './openapi.ts'

/** Where a shared schema was shown already: name → anchor. */
type Shown = Map<string, string>

/** The page for people of everything the HTTP API has: `docs/api.md`. */
export function apiPage(document: OpenApi): string {
  const places = operationsOf(document)
  const shown: Shown = new Map([['Error', 'refusals']])
  const sections = document.tags.flatMap(({ name, description }) => {
    const ofTag = places.filter(({ operation }) => operation.tags.includes(name))
    if (ofTag.length === 0) return []
    return [`## ${name}`, description, ...ofTag.flatMap((place) => section(document, place, shown))]
  })
  const untagged = places.filter(({ operation }) => !operation.tags.some((tag) => isTag(document, tag)))
  if (untagged.length > 0) throw new Error(`no tag of the document: ${untagged.map(titleOf).join(', ')}`)
  return `${[...opening(document, places), ...sections].join('\n\n')}\n`
}

function isTag({ tags }: OpenApi, wanted: string): boolean {
  return tags.some(({ name }) => name === wanted)
}

function titleOf({ method, path }: Place): string {
  return `${method} ${path}`
}

function opening(document: OpenApi, places: readonly Place[]): readonly string[] {
  return [
    '# The HTTP API',
    '<!-- Made from the OpenAPI document by `npm run docs`; do not edit. -->',
    document.info.description,
    'This page is made from [openapi.json](openapi.json), which a running server gives at `/rtc-api/openapi.json`, and as a page to try things at `/docs`. What the requests mean, and how devices receive events over MQTT, is in [PROTOCOL.md](../protocol/PROTOCOL.md).',
    ...contents(document, places),
    '## Conventions',
    [
      '- Bodies are JSON in UTF-8 with `Content-Type: application/json`, but for the token endpoint, which takes forms. JSON types are strict, unknown members are ignored, and in a request `null` is as good as absent.',
      '- *Needs a token*: `Authorization: Bearer …` with an access token from [`POST /security/oauth/token`](#post-securityoauthtoken) or of a [trusted identity provider](guides/identity-provider.md).',
      '- In the tables **bold** members are always there, or must be given; an *instant* is an ISO 8601 time in UTC: `2026-01-01T12:00:00.000Z`.',
      '- The examples are those of the demo directory, on the machine where the server runs; `$TOKEN` holds a token.',
    ].join('\n'),
    '## Refusals',
    'A refusal is a JSON object of strings: `error` is a code, `message` is for people, and each bad field has a member of its own that says what was expected. The codes are explained in [errors.md](errors.md#codes).',
    code('json', JSON.stringify(exampleOf(document, { $ref: '#/components/schemas/Error' }), null, 2)),
  ]
}

function contents(document: OpenApi, places: readonly Place[]): readonly string[] {
  return document.tags.flatMap(({ name }) => {
    const ofTag = places.filter(({ operation }) => operation.tags.includes(name))
    const rows = ofTag.map((place) => [
      `[\`${titleOf(place)}\`](#${anchorOf(titleOf(place))})`,
      place.operation.summary,
    ])
    return rows.length === 0 ? [] : [table([`[${name}](#${anchorOf(name)})`, ''], rows).join('\n')]
  })
}

function section(document: OpenApi, place: Place, shown: Shown): readonly string[] {
  const { operation } = place
  const anchor = anchorOf(titleOf(place))
  const text = operation.description === undefined ? [] : [operation.description]
  return [
    `### \`${titleOf(place)}\``,
    `**${operation.summary}.** ${access(place)}`,
    ...text,
    ...parameters(document, place),
    ...body(document, place, shown, anchor),
    code('sh', curlOf(document, place)),
    ...answers(document, place, shown, anchor),
    ...refusals(document, place),
  ]
}

function access({ operation }: Place): string {
  if (operation.security.length === 0) return 'Needs no token.'
  return operation.responses['403'] === undefined
    ? 'Needs a token.'
    : 'Needs a token of somebody who may: others get 403.'
}

function parameters(document: OpenApi, { operation }: Place): readonly string[] {
  const rows = (operation.parameters ?? []).map((parameter) => {
    const isRequired = parameter.required === true
    const type = typeOf(document, parameter.schema, false)
    return [named(parameter.name, isRequired), parameter.in, type, parameter.description ?? '']
  })
  return block(table(['Parameter', 'In', 'Type', ''], rows))
}

function body(document: OpenApi, { operation }: Place, shown: Shown, anchor: string): readonly string[] {
  const contents = Object.entries(operation.requestBody?.content ?? {})
  return contents.flatMap(([type, { schema }]) => {
    const kind = type === 'application/json' ? 'Body' : `Body as \`${type}\``
    return described(document, `**${kind}**`, schema, shown, anchor, false)
  })
}

function answers(document: OpenApi, place: Place, shown: Shown, anchor: string): readonly string[] {
  const refused = new Set(refusalsOf(document, place.operation).map(({ status }) => status))
  return Object.entries(place.operation.responses)
    .filter(([status, answer]) => !refused.has(status) && !isOAuthError(answer))
    .flatMap(([status, answer]) => answerOf(document, status, answer, shown, anchor))
}

function answerOf(
  document: OpenApi,
  status: string,
  answer: Answer,
  shown: Shown,
  anchor: string,
): readonly string[] {
  const title = `**Answer ${status}:** ${answer.description}`
  const headers = Object.entries(answer.headers ?? {}).map(([name, header]) => [
    named(name, false),
    typeOf(document, header.schema, true),
    header.description ?? '',
  ])
  const [type, content] = Object.entries(answer.content ?? {})[0] ?? []
  if (type === undefined || content === undefined)
    return [title, ...block(table(['Header', 'Type', ''], headers))]
  const isShown = type === 'application/json' && status.startsWith('2')
  const example = isShown ? exampleOf(document, content.schema) : undefined
  return [
    ...described(document, title, content.schema, shown, anchor, true),
    ...(example === undefined ? [] : [code('json', JSON.stringify(example, null, 2))]),
    ...block(table(['Header', 'Type', ''], headers)),
  ]
}

/** The members of a schema, or, where they were shown before, a link to where. */
function described(
  document: OpenApi,
  title: string,
  schema: Schema,
  shown: Shown,
  anchor: string,
  isAnswer: boolean,
): readonly string[] {
  const names = namesIn(schema)
  const [only] = names
  const isOne = names.length === 1 && only !== undefined && schema.items === undefined
  const kind = isOne ? `\`${only}\`` : typeOf(document, schema, isAnswer)
  const news = names.filter((name) => !shown.has(name))
  for (const name of news) shown.set(name, anchor)
  const linked = kind.replaceAll(/`(\w+)`/g, (word, name: string) => {
    const where = shown.get(name)
    return where === undefined || where === anchor ? word : `[${word}](#${where})`
  })
  const parts = names.length === 0 ? [schema] : news.map((name) => ({ $ref: `#/components/schemas/${name}` }))
  const rows = parts.flatMap((part) => fieldsOf(document, part, isAnswer)).map(fieldRow)
  return [kind === 'object' ? title : `${title} (${linked})`, ...block(table(['Member', 'Type', ''], rows))]
}

/** The shared schemas that a body is made of. */
function namesIn(schema: Schema): readonly string[] {
  const name = referredName(schema)
  if (name !== undefined) return [name]
  return [...(schema.anyOf ?? []), ...(schema.items === undefined ? [] : [schema.items])].flatMap(namesIn)
}

function fieldRow({ path, type, isRequired, description }: Field): readonly string[] {
  return [named(path, isRequired), type, description]
}

function named(name: string, isRequired: boolean): string {
  return isRequired ? `**\`${name}\`**` : `\`${name}\``
}

function isOAuthError({ content }: Answer): boolean {
  return content?.['application/json']?.schema.$ref?.endsWith('/OAuthError') === true
}

function refusals(document: OpenApi, { operation }: Place): readonly string[] {
  const parts = refusalsOf(document, operation).map(
    ({ status, codes }) => `${status} ${codes.map((name) => `\`${name}\``).join(', ')}`,
  )
  const oauth = Object.entries(operation.responses).filter(([, answer]) => isOAuthError(answer))
  const inForm = oauth.map(([status]) => status).join(', ')
  if (inForm !== '') parts.push(`${inForm} in the form of [RFC 6749 §5.2](errors.md#the-token-endpoint)`)
  return parts.length === 0 ? [] : [`**[Refusals](errors.md#codes):** ${parts.join(' · ')}`]
}

function block(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [lines.join('\n')]
}

function code(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\``
}
