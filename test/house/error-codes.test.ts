import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ERRORS } from '@rollcall/protocol/error-code'
import { readErrorTable } from './error-table.ts'
import { ROOT } from './sources.ts'

test('docs/errors.md and the table of error codes say the same', () => {
  const documented = readErrorTable(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8'))
  const known = Object.entries(ERRORS).map(
    ([code, { status, reason, retryable }]) => [code, { status, reason, retryable }] as const,
  )
  assert.deepEqual(documented, new Map(known))
})

const ROW = '| `gone` | 410 | `0x90` | no | It was there. | Look elsewhere. |'

test('the reader reads each cell', () => {
  assert.deepEqual(
    readErrorTable(`# Errors\n\n| Code | HTTP |\n|---|---|\n${ROW}\n`),
    new Map([['gone', { status: 410, reason: 0x90, retryable: false }]]),
  )
})

for (const [what, page] of [
  ['a code twice', `${ROW}\n${ROW}`],
  ['no reason code', ROW.replace('`0x90`', '144')],
  ['neither yes nor no', ROW.replace('| no |', '| maybe |')],
  ['no advice', ROW.replace('Look elsewhere.', '')],
  ['a cell too many', `${ROW} more |`],
] as const)
  test(`the reader refuses ${what}`, () => {
    assert.throws(() => readErrorTable(page), /docs\/errors\.md/)
  })
