import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseExactly } from './exact-json.ts'

test('what is parsed is written as it stood, where the platform can do that', () => {
  const text = '{"a":1.0,"b":[12345678901234567890,2],"c":"1.0"}'
  const canDo = Reflect.has(JSON, 'rawJSON')
  assert.equal(
    JSON.stringify(parseExactly(text)),
    canDo ? text : '{"a":1,"b":[12345678901234567000,2],"c":"1.0"}',
  )
})

test('a name that means something to JavaScript is a name', () => {
  assert.equal(JSON.stringify(parseExactly('{"__proto__":{"x":1}}')), '{"__proto__":{"x":1}}')
})
