import assert from 'node:assert/strict'
import { test } from 'node:test'
import { productVersion } from '../../server/src/observe/observe.ts'
import { eventually } from '../helpers/run-server.ts'

// However tests are run, bundled by `npm test` or from the sources: docs/adr/0065.

test('an error names the lines of the sources that it came through', async () => {
  const error = await eventually(() => false, 'it', 0).catch((thrown: unknown) => thrown)
  assert(error instanceof Error)
  const stack = error.stack ?? ''
  assert.match(stack, /test\/helpers\/run-server\.ts:\d+:\d+/)
  assert.match(stack, /failures-name-the-line-of-the-source\.test\.ts:9:\d+/)
})

test('a source knows itself by its own address, and what lies beside it is found', () => {
  assert.ok(import.meta.url.endsWith('/test/regressions/failures-name-the-line-of-the-source.test.ts'))
  assert.match(productVersion(), /^\d+\.\d+\.\d+/)
})

test('a class has the name that it was given', () => {
  class Named {}
  assert.equal(Named.name, 'Named')
  assert.equal(eventually.name, 'eventually')
})
