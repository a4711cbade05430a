import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const HASH = /^\$argon2id\$\S+$/

/** The command as the documents have it, typed into a shell. */
function documented(): string {
  const readme = readFileSync(`${ROOT}README.md`, 'utf8')
  return /`(npm [^`]+hash-secret)`/.exec(readme)?.[1] ?? assert.fail('the README names no command')
}

function run(command: string) {
  const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] }
  const { stdout, stderr } = spawnSync('sh', ['-c', command], {
    cwd: ROOT,
    env,
    input: 'word',
    encoding: 'utf8',
  })
  return { stdout, stderr }
}

describe('a hash for the directory file', () => {
  it('is all that the documented command prints', () => {
    const { stdout, stderr } = run(documented())
    assert.match(stdout.replace(/\n$/, ''), HASH)
    assert.equal(stderr, '')
  })

  it('is all that npx prints in a clone, where npm says nothing of its own', () => {
    const { stdout, stderr } = run('npx --no-install rollcall-server hash-secret')
    assert.match(stdout.replace(/\n$/, ''), HASH)
    assert.equal(stderr, '')
  })

  it('comes with a hint where npm has printed lines of its own before it', () => {
    const { stdout, stderr } = run('npm start -- hash-secret')
    assert.match(stdout.trimEnd().split('\n').at(-1) ?? '', HASH)
    assert.ok(stderr.includes(documented()), stderr)
  })
})
