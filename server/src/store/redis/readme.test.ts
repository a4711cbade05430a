import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'

const ROOT = new URL('../../../../', import.meta.url)
const ROW = /^\|.*\| `([^`]+)` \| (.+) \|$/

it('each test that is said to protect from something is there', () => {
  const lines = readFileSync(new URL('README.md', import.meta.url), 'utf8').split('\n')
  const rows = lines.flatMap((line) => {
    const [, file, name] = ROW.exec(line) ?? []
    return file === undefined || name === undefined ? [] : [{ file, name }]
  })
  assert.ok(rows.length > 40, `${rows.length} rows`)
  for (const { file, name } of rows) {
    const text = readFileSync(new URL(file, ROOT), 'utf8')
    assert.ok(text.includes(name), `${file}: ${name}`)
  }
  const numbers = lines.flatMap((line) => /^\| (\d+) \|/.exec(line)?.[1] ?? [])
  assert.deepEqual(
    numbers.map(Number),
    Array.from({ length: 18 }, (_, index) => index + 1),
    'of every trap',
  )
})
