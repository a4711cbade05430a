import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const PROGRAMS = [
  'test/soak/soak.ts',
  'test/chaos/chaos.ts',
  'test/sim/simulate.ts',
  'test/history/check-history.ts',
  'scripts/neighbours.mjs',
]
const ENDS_WITHIN_MS = 60_000

function run(program: string, ...args: readonly string[]) {
  const root = new URL('../../', import.meta.url)
  const path = fileURLToPath(new URL(program, root))
  return spawnSync(process.execPath, ['-C', 'source', '--import', 'tsx', path, ...args], {
    cwd: fileURLToPath(root),
    encoding: 'utf8',
    timeout: ENDS_WITHIN_MS,
  })
}

describe('a program that runs for long', () => {
  for (const program of PROGRAMS)
    it(`says how it is called where that is asked, and that something is wrong elsewhere: ${program}`, () => {
      const asked = run(program, '--help')
      assert.deepEqual([asked.status, asked.stderr], [0, ''])
      assert.match(asked.stdout, /^Usage: npm run [a-z-]+ -- /)
      const wrong = run(program, '--no-such-option')
      assert.deepEqual([wrong.status, wrong.stdout], [2, ''])
      assert.equal(wrong.stderr, asked.stdout)
    })
})
