import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'

const FLAG = '--max-semi-space-size=32'

/** Where the server is started, and in which line. */
const STARTS: readonly (readonly [file: string, line: RegExp])[] = [
  ['package.json', /^ *"start": .*$/m],
  ['deploy/docker/Dockerfile', /^ENTRYPOINT .*$/m],
  ['deploy/systemd/rollcall.service', /^ExecStart=.*$/m],
  ['docs/guides/production.md', /^ExecStart=.*$/m],
  ['bench/src/lab/entry.ts', /^export const SERVER_FLAGS.*$/m],
]

it('wherever the server is started, Node has the same room for what is new, and so has the benchmark', () => {
  for (const [file, line] of STARTS) {
    const [found = ''] = line.exec(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')) ?? []
    assert.ok(found.includes(FLAG), `${file}: ${found}`)
  }
})
