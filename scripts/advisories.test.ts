import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { verdictOf } from './advisories.mjs'

const SCRIPT = fileURLToPath(new URL('advisories.mjs', import.meta.url))

const report = (vulnerabilities: object): string => JSON.stringify({ auditReportVersion: 2, vulnerabilities })

test('a weakness ends the build from moderate on', () => {
  assert.deepEqual(verdictOf(report({})), { kind: 'clean' })
  assert.deepEqual(verdictOf(report({ a: { severity: 'low', range: '<1' } })), { kind: 'clean' })
  const all = { a: { severity: 'moderate', range: '<1' }, b: { severity: 'critical', range: '*' } }
  assert.deepEqual(verdictOf(report(all)), { kind: 'found', lines: ['moderate: a <1', 'critical: b *'] })
})

test('what is no report is no verdict, and shows no address', () => {
  const refused = {
    message: '405 Method Not Allowed - POST https://packages.example/-/npm/v1',
    method: 'POST',
  }
  assert.deepEqual(verdictOf(JSON.stringify(refused)), { kind: 'skipped', why: '405 Method Not Allowed' })
  const offline = { error: { code: 'ENOTFOUND', summary: 'request to https://packages.example/ failed' } }
  assert.deepEqual(verdictOf(JSON.stringify(offline)), { kind: 'skipped', why: 'request to failed' })
  for (const text of ['', 'nonsense', 'null', '[]', '{}'])
    assert.deepEqual(verdictOf(text), { kind: 'skipped', why: 'npm gave no report' }, text)
})

test('a machine without a registry skips it, and says so', () => {
  // A port that nobody listens on.
  const env = { ...process.env, npm_config_registry: 'http://127.0.0.1:9', npm_config_fetch_retries: '0' }
  const { status, stdout } = spawnSync(process.execPath, [SCRIPT], { env, encoding: 'utf8' })
  assert.equal(status, 0)
  assert.match(stdout, /^⚠ SKIPPED: /)
  assert.ok(!stdout.includes('127.0.0.1:9/'))
})
