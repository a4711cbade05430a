import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { allowOrigins } from '../../server/src/config/config.ts'
import { ask } from '../helpers/ask.ts'
import { openHttp } from '../helpers/http-fixture.ts'

const ORIGIN = 'https://app.example.com'

type Operation = {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[]
  readonly responses?: { readonly [status: string]: { readonly headers?: object } }
}
type Document = { readonly paths: { readonly [path: string]: { readonly [method: string]: Operation } } }

const DOCUMENT: Document = JSON.parse(
  readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8'),
)
const OPERATIONS = Object.values(DOCUMENT.paths).flatMap((methods) => Object.values(methods))

function names(text: unknown): ReadonlySet<string> {
  return new Set(
    String(text)
      .toLowerCase()
      .split(/\s*,\s*/),
  )
}

/** `Answered` was not among them: a page that waited for an answer was never told whose it was. */
test('a page of an allowed origin can read every header that an answer is said to have', async (t) => {
  const { listen } = await openHttp(t, { settings: { allowedOrigins: allowOrigins([ORIGIN]) } })
  const { headers } = await ask(await listen(), 'GET /rtc-api/users/endpoints', {
    headers: { origin: ORIGIN },
  })
  const exposed = names(headers['access-control-expose-headers'])
  const said = OPERATIONS.flatMap(({ responses = {} }) =>
    Object.values(responses).flatMap((response) => Object.keys(response.headers ?? {})),
  )
  assert.ok(said.includes('Answered') && said.length > 50, `${said.length} headers`)
  // The last two are in no list: of whatever was added, and of a wrong method.
  for (const name of new Set([...said, 'location', 'allow']))
    assert.ok(exposed.has(name.toLowerCase()), `${name} can be read`)
})

test('it can send every header that a request is said to take', async (t) => {
  const { listen } = await openHttp(t, { settings: { allowedOrigins: allowOrigins([ORIGIN]) } })
  const { headers } = await ask(await listen(), 'OPTIONS /rtc-api/users/endpoints', {
    headers: { origin: ORIGIN, 'access-control-request-method': 'POST' },
  })
  const taken = names(headers['access-control-allow-headers'])
  const said = OPERATIONS.flatMap(({ parameters = [] }) =>
    parameters.filter((one) => one.in === 'header').map(({ name }) => name),
  )
  assert.ok(said.length > 5, `${said.length} headers`)
  for (const name of new Set([...said, 'authorization', 'content-type', 'x-request-id']))
    assert.ok(taken.has(name.toLowerCase()), `${name} can be sent`)
})
