import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { readVectors } from '../../test/helpers/vectors.ts'

const FOLDER = new URL('../vectors/', import.meta.url)
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
const README = readFileSync(new URL('README.md', FOLDER), 'utf8')

test('there are vectors', () => assert.ok(FILES.length > 0))

for (const file of FILES)
  test(`${file} is described and every vector of it has a name of its own and a reason`, () => {
    const { description, vectors } = readVectors(file.replace(/\.json$/, ''))
    assert.ok(description.length > 0)
    assert.ok(README.includes(`\`${file}\``), 'README.md does not describe it')
    assert.ok(vectors.length > 0)
    assert.ok(vectors.every(({ name, why }) => name.length > 0 && why.length > 0))
    assert.equal(new Set(vectors.map(({ name }) => name)).size, vectors.length)
  })
