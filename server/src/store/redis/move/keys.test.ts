import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { MOVED_KEYS } from './keys.ts'

/** Keys that whoever calls names. */
const NAMED_BY_CALLERS = ['ch', 'ch:']

const FOLDER = new URL('../lua/', import.meta.url)

/** All Lua there is, without comments. */
function code(): string {
  const bodies = ['shared/', 'functions/'].flatMap((folder) =>
    readdirSync(new URL(folder, FOLDER)).map((file) =>
      readFileSync(new URL(`${folder}${file}`, FOLDER), 'utf8'),
    ),
  )
  return bodies.join('\n').replace(/--.*$/gm, '')
}

describe('what is exported from Redis', () => {
  it('is all that functions keep there: each key says in which items it goes, or why not', () => {
    const named = [...code().matchAll(/S\.key\(([^()]*(?:\([^()]*\))?[^()]*)\)/g)].flatMap(([, inner = '']) =>
      [...inner.matchAll(/'([a-z]+:?)'/g)].map(([, name = '']) => name),
    )
    assert.ok(named.length > 200, `${named.length} keys were found`)
    const known = new Set<string>(Object.keys(MOVED_KEYS))
    assert.deepEqual(
      [...new Set(named)].filter((name) => !known.has(name)),
      [],
    )
  })

  it('names no key that no function has', () => {
    const all = code()
    assert.deepEqual(
      Object.keys(MOVED_KEYS).filter((name) => !all.includes(`'${name}'`)),
      NAMED_BY_CALLERS,
    )
  })
})
