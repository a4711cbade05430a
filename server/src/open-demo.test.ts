import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { systemRandom } from './clock/clock.ts'
import { readConfiguration } from './config/config.ts'
import { openDemo } from './open-demo.ts'
import { assertLoopbackForDemo } from './port-checks.ts'
import { welcome } from './welcome.ts'

function scratch(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-demo-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

describe('a demo that others may reach', () => {
  it('has secrets of its own, shown once, kept as hashes for its owner alone', async (t) => {
    const folder = scratch(t)
    const { file, secrets = [] } = await openDemo(folder, systemRandom())
    assert.deepEqual(
      secrets.map(({ name }) => name),
      ['alice', 'bob', 'carol', 'olivia', 'acme-backend', 'globex-backend', 'platform-service'],
    )
    assert.equal(new Set(secrets.map(({ secret }) => secret)).size, secrets.length)
    const text = readFileSync(file, 'utf8')
    for (const { secret } of secrets) {
      assert.equal(secret.length, 32)
      assert.ok(!text.includes(secret))
    }
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const again = await openDemo(folder, systemRandom())
    assert.deepEqual(again, { file, secrets: undefined })
    assert.equal(readFileSync(file, 'utf8'), text)
  })

  it('says them at the start that has made them, with the pages to try, and then where they are', () => {
    const pages = [{ path: '/examples/ring/', folder: '' }]
    const started = { url: 'http://10.0.0.7:8080', docsUrl: undefined, usesDemoDirectory: true, pages }
    const secrets = [
      { name: 'alice', secret: 'one' },
      { name: 'acme-backend', secret: 'two' },
    ]
    const first = welcome({ ...started, openDemo: { file: '/d/demo-directory.json', secrets } })
    assert.match(first, /^ {2}alice {9}one$/m)
    assert.match(first, /^ {2}acme-backend {2}two$/m)
    assert.match(first, /^ {2}http:\/\/10\.0\.0\.7:8080\/examples\/ring\/\?as=alice#one$/m)
    const later = welcome({ ...started, openDemo: { file: '/d/demo-directory.json', secrets: undefined } })
    assert.match(later, /Remove \/d\/demo-directory\.json for new ones/)
    for (const text of [first, later]) assert.doesNotMatch(text, /-password|acme-secret/)
  })

  it('is the only one that listens beyond this machine', () => {
    const hosts = ['0.0.0.0', '::', '10.0.0.7', 'example.com']
    for (const HOST of hosts) {
      assert.throws(
        () => assertLoopbackForDemo(readConfiguration({ HOST }, undefined)),
        /DEMO_SECRETS=random/,
      )
      assertLoopbackForDemo(readConfiguration({ HOST, DEMO_SECRETS: 'random' }, undefined))
      assertLoopbackForDemo(readConfiguration({ HOST, DIRECTORY_FILE: 'd.json' }, undefined))
    }
    assert.throws(() => readConfiguration({ DEMO_SECRETS: 'none' }, undefined), /DEMO_SECRETS/)
  })
})
