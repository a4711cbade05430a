import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { read } from './documents.ts'
import { ROOT } from './sources.ts'

/** Traces of one machine that would be wrong on every other. */
const TRACES: readonly { readonly what: string; readonly pattern: RegExp; readonly where: RegExp }[] = [
  { what: 'a path of one machine', pattern: /\/(?:work|root|home\/\w+|Users\/\w+)\//, where: /./ },
  { what: 'a temporary folder in a document', pattern: /\/tmp\b/, where: /\.md$/ },
  {
    what: "a package registry's host",
    pattern: /registry\.(?:npmjs|yarnpkg|npmmirror)\.|npm\.pkg\.github\.com|\/\/registry\./,
    where: /./,
  },
  { what: 'the choice of a registry', pattern: /registry\s*=/, where: /\.npmrc$/ },
  { what: 'a download address of a package', pattern: /"resolved": "[a-z+]+:/, where: /package-lock\.json$/ },
]

/** Test data of others, kept as it came. */
const KEPT_AS_IT_CAME = 'test/conformance/data/'
const BINARY = /\.(?:png|jpe?g|ico|gif|woff2?|mdb|gz)$/

/** Files in the repository or about to be added to it. */
function trackedFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  const paths = listed.split('\0').filter((path) => path !== '' && existsSync(join(ROOT, path)))
  return [...new Set(paths)].filter((path) => !path.startsWith(KEPT_AS_IT_CAME) && !BINARY.test(path))
}

function tracesIn(path: string, text: string): string[] {
  const patterns = TRACES.filter(({ where }) => where.test(path))
  return text
    .split('\n')
    .flatMap((line, index) =>
      patterns.filter(({ pattern }) => pattern.test(line)).map(({ what }) => `${path}:${index + 1}: ${what}`),
    )
}

test('no file names a path of one machine or the host of a registry', () => {
  const paths = trackedFiles()
  assert.ok(paths.includes('package-lock.json') && paths.length > 100, `${paths.length} files`)
  assert.deepEqual(
    paths.flatMap((path) => tracesIn(path, read(path))),
    [],
  )
})

// Put together here, so that this file has no trace itself.
const folder = (...names: readonly string[]) => `/${names.join('/')}/`
const host = (...names: readonly string[]) => names.join('.')

for (const [path, text, what] of [
  ['server/src/a.ts', `open('${folder('work', 'main')}x')`, 'a path of one machine'],
  ['a.sh', `cd ${folder('root', '.cache')}`, 'a path of one machine'],
  ['docs/a.md', `see ${folder('tmp', 'log')}`, 'a temporary folder in a document'],
  ['.npmrc', `@a:${['registry', 'a'].join('=')}`, 'the choice of a registry'],
  ['README.md', host('registry', 'npmjs', 'org'), "a package registry's host"],
  [
    'package-lock.json',
    `${JSON.stringify('resolved')}: "https://a/b.tgz"`,
    'a download address of a package',
  ],
] as const)
  test(`${what} is found in ${path}`, () => {
    assert.deepEqual(tracesIn(path, `first line\n${text}\n`), [`${path}:2: ${what}`])
  })
