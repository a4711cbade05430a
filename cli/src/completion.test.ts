import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { COMMANDS } from './commands.ts'
import { completionFor, SHELLS } from './completion.ts'
import { UsageError } from './exit-codes.ts'
import { SERVER_OPTION_NAMES } from './options.ts'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const LISTED = [...COMMANDS].map(([name, { about }]) => [name, about] as const)

/** What a shell without it is told: a test that it skips is seen. */
function without(shell: string): string | false {
  return spawnSync(shell, ['--version']).error !== undefined && `needs ${shell}, which is not installed`
}

function bashCompletes(...words: readonly string[]): readonly string[] {
  const list = words.map((word) => `'${word}'`).join(' ')
  const script = `${completionFor(['bash'], LISTED)}
COMP_WORDS=(rollcall ${list}); COMP_CWORD=${words.length}; _rollcall; printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], { encoding: 'utf8' })
  assert.equal(stderr, '')
  return stdout.split('\n').filter((line) => line !== '')
}

describe('completion', () => {
  it('of bash knows commands, and the options of each', { skip: without('bash') }, () => {
    assert.deepEqual(bashCompletes('re'), ['register', 'revoke', 'replay', 'repair', 'restore'])
    assert.equal(bashCompletes('').length, LISTED.length)
    assert.deepEqual(bashCompletes('send', '--wa'), ['--wait', '--wait-for'])
    assert.deepEqual(bashCompletes('kick', '--'), ['--organization', ...SERVER_OPTION_NAMES, '--help'])
    assert.deepEqual(bashCompletes('backup', '--'), ['--config', '--rate', '--without-keys'])
    assert.deepEqual(bashCompletes('backup', 'fol'), [], 'files are what the shell itself completes')
    assert.deepEqual(bashCompletes('nothing', '--'), [])
  })

  for (const shell of ['zsh', 'fish'] as const)
    it(`of ${shell} is a script that it takes`, { skip: without(shell) }, () => {
      const { status, stderr } = spawnSync(shell, ['-n'], {
        input: completionFor([shell], LISTED),
        encoding: 'utf8',
      })
      assert.deepEqual([status, stderr], [0, ''])
    })

  it('names every command in every shell', () => {
    for (const shell of SHELLS)
      for (const [name] of LISTED) assert.match(completionFor([shell], LISTED), new RegExp(`\\b${name}\\b`))
    for (const args of [[], ['tcsh'], ['bash', 'zsh']])
      assert.throws(() => completionFor(args, LISTED), UsageError)
    assert.match(completionFor(['--help'], LISTED), /source <\(rollcall completion bash\)/)
  })

  it('has the options that each command says it has', () => {
    for (const [name, { options, asksServer }] of COMMANDS) {
      if (!asksServer) continue
      const args = ['-C', 'source', '--import', 'tsx', MAIN, name, '--help']
      const { stdout } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' })
      const column = [...stdout.matchAll(/^ {2}(--.*?)(?: {2}|$)/gm)]
        .map(([, options = '']) => options)
        .join(' ')
      const said = [...column.matchAll(/--[\w-]+/g)].map(([option]) => option)
      const usage = [...stdout.matchAll(/\[(--\w[\w-]*)\]/g)].map(([, option]) => option)
      assert.deepEqual([...new Set([...said, ...usage])].sort(), [...options].sort(), name)
    }
  })
})
