import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ask } from '../helpers/ask.ts'
import { openHttp } from '../helpers/http-fixture.ts'

const isDocument = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Reflect.has(value, 'openapi')

it('whoever asks for the document again and again has it made once', async (test) => {
  const { listen } = await openHttp(test)
  const url = await listen()
  const first = await ask(url, 'GET /docs/json')
  assert.equal(first.status, 200)
  assert.match(first.headers['content-type'] ?? '', /^application\/json/)
  assert.ok(isDocument(JSON.parse(first.text)))
  const stringify = test.mock.method(JSON, 'stringify')
  for (let time = 0; time < 3; time++) assert.equal((await ask(url, 'GET /docs/json')).text, first.text)
  const made = stringify.mock.calls.filter(({ arguments: [value] }) => isDocument(value))
  assert.equal(made.length, 0)
  const yaml = await ask(url, 'GET /docs/yaml')
  assert.match(yaml.text, /^openapi: /)
})
