import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findPages, findSdk } from './pages.ts'

test('the console is served unless it is off, the example with the demo, and neither where it is not built', async (t) => {
  const built = await mkdtemp(join(tmpdir(), 'rollcall-pages-'))
  t.after(() => rm(built, { recursive: true, force: true }))
  await writeFile(join(built, 'index.html'), '')
  const logged: unknown[] = []
  const log = { info: (_message: string, fields?: object) => void logged.push(fields) }
  const both = { console: built, ring: built }
  const paths = (folders: typeof both, console: boolean, isDemo: boolean): string[] =>
    findPages(folders, { console, isDemo }, log).map(({ path }) => path)

  assert.deepEqual(paths(both, true, true), ['/console/', '/examples/ring/'])
  assert.deepEqual(paths(both, true, false), ['/console/'])
  assert.deepEqual(paths(both, false, true), ['/examples/ring/'])
  assert.deepEqual(paths(both, false, false), [])
  assert.deepEqual(logged, [])
  const missing = join(built, 'missing')
  assert.deepEqual(paths({ console: missing, ring: built }, true, true), ['/examples/ring/'])
  assert.deepEqual(paths({ console: missing, ring: missing }, false, false), [])
  assert.deepEqual(logged, [{ path: '/console/', folder: missing }])
})

test('the SDK is served where it is built', async (t) => {
  const built = await mkdtemp(join(tmpdir(), 'rollcall-pages-'))
  t.after(() => rm(built, { recursive: true, force: true }))
  const sdk = { file: join(built, 'sdk.js'), version: '1.2.3' }
  const logged: unknown[] = []
  const log = { info: (_message: string, fields?: object) => void logged.push(fields) }
  const folders = { console: built, ring: built }
  assert.equal(findSdk(folders, log), undefined)
  assert.deepEqual(logged, [])
  assert.equal(findSdk({ ...folders, sdk }, log), undefined)
  assert.deepEqual(logged, [{ file: sdk.file }])
  await writeFile(sdk.file, '')
  assert.equal(findSdk({ ...folders, sdk }, log), sdk)
})
