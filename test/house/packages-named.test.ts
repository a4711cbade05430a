import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filesUnder } from '../../scripts/workspace.mjs'
import { read } from './documents.ts'

/** `npx NAME`, `npm install NAME NAME`, `npm init NAME`: what a shell would fetch by name. */
const COMMAND = /\b(?:npx|npm (?:install|i|add|create|exec)\b)((?: +[^\s`|&;)>]+)*)/g
/** Of these what comes first is run, and what follows is its business. */
const ONE = /^(?:npx|npm (?:create|exec))/

/** What the commands of a text would fetch from a registry by a name that is none of `ours`. */
function strangersIn(text: string, ours: ReadonlySet<string>): readonly string[] {
  return [...text.matchAll(COMMAND)].flatMap(([command, rest = '']) => {
    const named = rest
      .split(' ')
      .filter((word) => /^@?[a-z]/i.test(word))
      .map((word) => word.replace(/(?<=.)@.*$/, ''))
    return (ONE.test(command) ? named.slice(0, 1) : named).filter((name) => !ours.has(name))
  })
}

/** What our lockfile has from the registry: others' packages that we know. Our own names are in no registry. */
function lockedNames(): ReadonlySet<string> {
  const { packages }: { packages: Record<string, { link?: boolean }> } = JSON.parse(read('package-lock.json'))
  const installed = Object.keys(packages).filter(
    (path) => path.startsWith('node_modules/') && packages[path]?.link !== true,
  )
  return new Set(installed.map((path) => path.slice('node_modules/'.length)))
}

test('no document has its reader fetch a package that is not ours to name', () => {
  const documents = filesUnder('.').filter((path) => path.endsWith('.md') && !path.startsWith('.'))
  assert.ok(documents.length > 30, `${documents.length} documents`)
  const ours = lockedNames()
  const found = documents.flatMap((path) => strangersIn(read(path), ours).map((name) => `${path}: ${name}`))
  assert.deepEqual(found, [])
})

test('planted ones are found', () => {
  const ours = new Set(['mqtt', '@a/b'])
  for (const [text, found] of [
    ['npx rollcall send bob', ['rollcall']],
    ['cd x && npm install @rollcall/client --save', ['@rollcall/client']],
    ['`npm i mqtt@5 @a/b@1.2 other`', ['other']],
    ['npx --yes mqtt sub -t topic', []],
    ['npm install ./rollcall-client-0.1.0.tgz >> npm.log', []],
    ['npm install', []],
  ] as const)
    assert.deepEqual(strangersIn(text, ours), found, text)
})
