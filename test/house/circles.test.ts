import assert from 'node:assert/strict'
import { test } from 'node:test'
import { circlesIn } from './circles.ts'
import { importsOf } from './imports.ts'
import { openPages, openPlanted, openRepository, type Sources } from './sources.ts'

// Well below what there is: a reader that finds less has gone blind.
const IMPORTS_MIN = 2_000
const CONSOLE_IMPORTS_MIN = 200

function circles({ files }: Sources): string[] {
  return circlesIn(files.flatMap((source) => importsOf(source))).map((circle) => circle.join(' → '))
}

function ownImports({ files }: Sources): number {
  return files.flatMap((source) => importsOf(source)).filter(({ file }) => file !== undefined).length
}

test('no file needs itself to be understood: there is no circle of imports, types included', () => {
  using repository = openRepository()
  const found = ownImports(repository)
  assert.ok(found >= IMPORTS_MIN, `read ${found} imports of our own files only`)
  assert.deepEqual(circles(repository), [])
})

test('nor is there one among what runs in browsers only', () => {
  using pages = openPages()
  const found = ownImports(pages)
  assert.ok(found >= CONSOLE_IMPORTS_MIN, `read ${found} imports of our own files only`)
  assert.deepEqual(circles(pages), [])
})

/** Files of one circle each, whatever the form of their imports. */
const PLANTED: readonly (readonly string[])[] = [
  [`import { b } from './1.ts'`, `import { a } from './0.ts'`],
  [`import type { B } from './1.ts'`, `import type { A } from './0.ts'`],
  [`import { type B } from './1.ts'`, `import { a } from './0.ts'`],
  [`type B = import('./1.ts').B`, `export type { A } from './0.ts'`],
  [`import './1.ts'`, `export * from './2.ts'`, `const a = await import('./0.ts')`],
  [`import { type Self } from './0.ts'`],
]

test('each planted circle is found, types included', () => {
  const texts = PLANTED.flatMap((files, circle) =>
    files.map((text, index) => [`server/src/planted/${circle}/${index}.ts`, text] as const),
  )
  using planted = openPlanted(Object.fromEntries(texts))
  const expected = PLANTED.map((files, circle) =>
    [...files.keys(), 0].map((index) => `server/src/planted/${circle}/${index}.ts`).join(' → '),
  )
  assert.deepEqual(circles(planted), expected)
})

test('one that goes through a package of ours is found', () => {
  using planted = openPlanted({
    'protocol/src/planted.ts': `import type { A } from '../../client/src/planted.ts'`,
    'client/src/planted.ts': `import type { B } from '@rollcall/protocol/planted'`,
  })
  assert.deepEqual(circles(planted), [
    'client/src/planted.ts → protocol/src/planted.ts → client/src/planted.ts',
  ])
})

test('two ways to one file are no circle', () => {
  using planted = openPlanted({
    'server/src/a.ts': `import './b.ts'; import './c.ts'`,
    'server/src/b.ts': `import './c.ts'`,
    'server/src/c.ts': `import 'node:fs'`,
  })
  assert.deepEqual(circles(planted), [])
})
