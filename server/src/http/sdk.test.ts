import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { ask } from '../../../test/helpers/ask.ts'
import { openHttp } from '../../../test/helpers/http-fixture.ts'
import { allowOrigins } from '../config/config.ts'

const NOBODY = { headers: { authorization: '' } }
const CODE = 'export const connect = () => "ü"\n//# sourceMappingURL=sdk.js.map\n'

async function openSdk(test: TestContext, origins?: string) {
  const folder = await mkdtemp(join(tmpdir(), 'rollcall-sdk-'))
  test.after(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'sdk.js')
  await writeFile(file, CODE)
  await writeFile(`${file}.map`, '{"version":3}')
  const sdk = { file, version: '1.2.3' }
  const settings = { sdk, ...(origins === undefined ? {} : { allowedOrigins: allowOrigins([origins]) }) }
  const { listen } = await openHttp(test, { settings })
  return listen()
}

describe('the SDK as one file', () => {
  it('is at /sdk.js and under its version, for pages of every origin', async (test) => {
    const url = await openSdk(test)
    for (const [path, caching] of [
      ['/sdk.js', 'no-cache'],
      ['/sdk-1.2.3.js', 'public, max-age=31536000, immutable'],
    ] as const) {
      const { status, text, headers } = await ask(url, `GET ${path}`, NOBODY)
      assert.deepEqual([status, text], [200, CODE])
      assert.equal(headers['content-type'], 'text/javascript; charset=utf-8')
      assert.equal(headers['access-control-allow-origin'], '*')
      assert.equal(headers['cross-origin-resource-policy'], 'cross-origin')
      assert.equal(headers['x-content-type-options'], 'nosniff')
      assert.equal(headers['cache-control'], caching)
      const head = await ask(url, `HEAD ${path}`, NOBODY)
      assert.deepEqual([head.status, head.text], [200, ''])
    }
    const map = await ask(url, 'GET /sdk.js.map', NOBODY)
    assert.deepEqual([map.status, map.text], [200, '{"version":3}'])
  })

  it('is another version’s no more', async (test) => {
    const url = await openSdk(test)
    for (const path of ['/sdk-1.2.2.js', '/sdk-1.2.3.jsx', '/sdk', '/sdk.js/'])
      assert.equal((await ask(url, `GET ${path}`, NOBODY)).status, 404, path)
  })

  it('is not sent again to whoever has it', async (test) => {
    const url = await openSdk(test)
    const { headers } = await ask(url, 'GET /sdk.js', NOBODY)
    const etag = String(headers['etag'])
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await ask(url, 'GET /sdk.js', { headers: { ...NOBODY.headers, 'if-none-match': known } })
      assert.deepEqual([again.status, again.text], [304, ''], known)
    }
    const changed = await ask(url, 'GET /sdk.js', { headers: { ...NOBODY.headers, 'if-none-match': '"x"' } })
    assert.equal(changed.status, 200)
  })

  it('may be read by origins that the API is closed to, and by those it is open to', async (test) => {
    const url = await openSdk(test, 'https://app.example.com')
    for (const origin of ['https://app.example.com', 'https://other.example.com']) {
      const { headers } = await ask(url, 'GET /sdk.js', { headers: { ...NOBODY.headers, origin } })
      assert.ok(['*', origin].includes(String(headers['access-control-allow-origin'])), origin)
    }
  })

  it('is nowhere where it is not built', async (test) => {
    const { listen } = await openHttp(test, {})
    assert.equal((await ask(await listen(), 'GET /sdk.js', NOBODY)).status, 404)
  })
})
