import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { apiPage } from './api-page.ts'
import { read } from './documents.ts'
import { anchorOf } from './markdown.ts'
import { type OpenApi, type Operation, operationsOf } from './openapi.ts'

const document: OpenApi = JSON.parse(read('docs/openapi.json'))
const page = apiPage(document)
const ERROR = { content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } }

/** The section of the page about one planted operation. */
function sectionOf(operation: Partial<Operation>, path = '/things/{thingId}'): string {
  const whole = {
    operationId: 'planted',
    summary: 'Planted',
    tags: ['Things'],
    security: [{}],
    responses: {},
    ...operation,
  }
  const { info, components } = document
  const tags = [{ name: 'Things', description: 'All things.' }]
  const text = apiPage({ info, components, tags, paths: { [path]: { post: whole } } })
  return text.split(`### \`POST ${path}\``)[1] ?? assert.fail('no section')
}

describe('docs/api.md', () => {
  it('has a section for every operation, and a line of the contents that leads there', () => {
    const places = operationsOf(document)
    assert.ok(places.length > 25)
    for (const { method, path, operation } of places) {
      const title = `${method} ${path}`
      assert.ok(page.includes(`\n### \`${title}\`\n`), title)
      assert.ok(page.includes(`| [\`${title}\`](#${anchorOf(title)}) | ${operation.summary} |`), title)
    }
  })

  it('says who may call', () => {
    assert.match(sectionOf({ security: [] }), /Needs no token/)
    assert.match(sectionOf({}), /Needs a token\./)
    assert.match(sectionOf({ responses: { 403: { description: '', ...ERROR } } }), /somebody who may/)
  })

  it('shows members with type, bounds and default, those of inner objects under their paths', () => {
    const inner = { type: 'string', maxLength: 5, description: 'a | b' }
    const size = { type: ['integer', 'null'], minimum: 1, maximum: 10_000, default: 3 }
    const list = { type: 'array', maxItems: 2, items: { type: 'object', properties: { inner } } }
    const schema = { type: 'object', required: ['list'], properties: { list, size } }
    const section = sectionOf({ requestBody: { content: { 'application/json': { schema } } } })
    assert.match(section, /^\| \*\*`list`\*\* \| array of objects, at most 2 items \| {2}\|$/m)
    assert.match(section, /^\| `list\[\]\.inner` \| string, at most 5 characters \| a \\\| b \|$/m)
    assert.match(section, /^\| `size` \| integer, 1 to 10,000, default `3` \| {2}\|$/m)
  })

  it('names the codes of a status that the operation can give, and no others', () => {
    const responses = { 400: { description: '', ...ERROR }, 404: { description: '', ...ERROR } }
    const content = { 'application/json': { schema: { type: 'object' } } }
    const refusals = /Refusals\]\(errors\.md#codes\):\*\* (.*)/
    assert.equal(
      refusals.exec(sectionOf({ responses, requestBody: { content } }))?.[1],
      '400 `invalid_request`, `malformed_json` · 404 `not_found`',
    )
  })

  it('gives a request that can be typed, with the parameters of the path filled in where they are known', () => {
    assert.match(sectionOf({}), /^curl -s -X POST http:\/\/127\.0\.0\.1:8080\/things\/\{thingId\} \\$/m)
    assert.match(
      sectionOf({}, '/users/{userId}'),
      /8080\/users\/bob \\\n {2}-H "Authorization: Bearer \$TOKEN"/,
    )
  })

  it('refuses an operation that no part of the page would show', () => {
    assert.throws(() => sectionOf({ tags: ['Elsewhere'] }), /POST \/things/)
  })
})
