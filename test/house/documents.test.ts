import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONFIGURATION_KEYS } from '../../server/src/config/config.ts'
import { withConfigurationTable } from './configuration-table.ts'
import { DOCUMENTS, read } from './documents.ts'
import { withIntegrity } from './sdk-integrity.ts'

for (const { path, text } of DOCUMENTS)
  test(`${path} is what \`npm run docs\` makes`, async () => {
    const [there, made] = [read(path).split('\n'), (await text()).split('\n')]
    const longer = there.length > made.length ? there : made
    const line = longer.findIndex((_, index) => made[index] !== there[index])
    assert.equal(line, -1, `line ${line + 1} is out of date: \`npm run docs\``)
  })

test('the page of keys shows every key, and what else it says stays', () => {
  const page = withConfigurationTable(
    '# Before\n<!-- keys -->\nthe last table\n<!-- /keys -->\nAfter\n',
    CONFIGURATION_KEYS,
  )
  assert.match(page, /^# Before\n<!-- keys -->\n\n\| Key \|/)
  assert.match(page, /\n<!-- \/keys -->\nAfter\n$/)
  assert.doesNotMatch(page, /the last table/)
  const shown = [...page.matchAll(/^\| `(\w+)` \| `(\w+)` \|/gm)].map(([, name, env]) => ({ name, env }))
  assert.deepEqual(
    shown,
    CONFIGURATION_KEYS.map(({ name, env }) => ({ name, env })),
  )
})

test('the digest of the SDK stands in its place, with its version', () => {
  const page =
    'a /sdk-0.1.0.js <!-- integrity -->\n"/sdk-0.1.0.js": "sha384-old"\n<!-- /integrity --> "sha384-b"'
  const made = withIntegrity(page, 'sha384-a+/=', '1.2.3')
  assert.equal(
    made,
    'a /sdk-1.2.3.js <!-- integrity -->\n"/sdk-1.2.3.js": "sha384-a+/="\n<!-- /integrity --> "sha384-b"',
  )
  assert.throws(() => withIntegrity('# SDK\n', 'sha384-a', '1.2.3'), /there must be one/)
})

test('a page without a place for the table is refused', () => {
  assert.throws(() => withConfigurationTable('# Configuration\n', CONFIGURATION_KEYS), /there must be one/)
})
