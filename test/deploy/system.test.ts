import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { makeDataDir } from '../helpers/run-server.ts'
import { readBlocks, readDocument } from '../helpers/snippets.ts'

const read = (name: string): string => readFileSync(new URL(`../../deploy/${name}`, import.meta.url), 'utf8')

/** Each block of the guide, and the file that holds the same, so that nobody copies an older one. */
const SAME = [
  ['systemd', 'systemd/rollcall.service'],
  ['alerts', 'prometheus/alerts.yml'],
  ['nginx', 'nginx/rollcall.conf'],
  ['caddy', 'caddy/Caddyfile'],
] as const

describe('deploy/', () => {
  for (const [name, file] of SAME)
    it(`${file} is what the guide to production shows, and tries`, () => {
      const block = readBlocks(readDocument('guides/production.md')).find(
        ({ marker }) => marker === `check: ${name}`,
      )
      assert.equal(read(file), block?.code)
    })

  it('rotates the file of the audit log that its own unit may write to', () => {
    const [, path = ''] = /^(\/\S+) \{$/m.exec(read('logrotate/rollcall')) ?? []
    assert.equal(path, '/var/log/rollcall/audit.log')
    assert.match(read('systemd/rollcall.service'), /^LogsDirectory=rollcall$/m)
    assert.ok(readDocument('audit.md').includes(`AUDIT_FILE=${path}`))
    assert.match(read('logrotate/rollcall'), /postrotate\n\s+systemctl kill -s HUP rollcall\n\s+endscript/)
  })

  const logrotate = spawnSync('logrotate', ['--version']).error === undefined
  it('has rules that logrotate takes', {
    skip: !logrotate && 'needs logrotate, which is not installed',
  }, async (t) => {
    const data = await makeDataDir()
    t.after(() => data.remove())
    mkdirSync(join(data.path, 'log'))
    writeFileSync(join(data.path, 'log/audit.log'), '{}\n')
    const file = join(data.path, 'rollcall')
    const here = read('logrotate/rollcall').replace('/var/log/rollcall', join(data.path, 'log'))
    // Whether this machine has the account is not the question.
    writeFileSync(
      file,
      here.replace(/^ +su .*\n/m, '').replace('create 0600 rollcall rollcall', 'create 0600'),
    )
    chmodSync(file, 0o644)
    const { status, stderr } = spawnSync('logrotate', ['-d', '-s', join(data.path, 'state'), file], {
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
    assert.doesNotMatch(stderr, /error/i)
  })
})
