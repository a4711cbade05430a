import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { anchorsOf, deadLinksIn, type Files, filesUnder, linksIn } from './links.ts'
import { ROOT } from './sources.ts'

/** Documents in the repository or about to be added to it. */
function documents(): readonly string[] {
  const options = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md']
  const listed = execFileSync('git', options, { cwd: ROOT, encoding: 'utf8' }).split('\0')
  return [...new Set(listed)].filter((path) => path !== '' && existsSync(join(ROOT, path)))
}

test('every link between the documents leads somewhere', () => {
  const files = filesUnder(ROOT)
  const paths = documents()
  const count = paths.flatMap((path) => linksIn(files.read(path))).length
  assert.ok(paths.length > 20 && count > 100, `${paths.length} documents, ${count} links`)
  assert.deepEqual(
    paths.flatMap((path) => deadLinksIn(path, files)),
    [],
  )
})

/** Documents of `docs/` that the map does not lead to. */
function missingOnMap(map: string, paths: readonly string[]): readonly string[] {
  const targets = new Set(linksIn(map).map(({ target }) => `docs/${target}`))
  const isPlaced = (path: string): boolean => targets.has(path) || path.startsWith('docs/adr/')
  return paths.filter((path) => path.startsWith('docs/') && path !== 'docs/README.md' && !isPlaced(path))
}

test('docs/README.md leads to every document of docs/', () => {
  assert.deepEqual(missingOnMap(filesUnder(ROOT).read('docs/README.md'), documents()), [])
  const paths = ['docs/a.md', 'docs/guides/b.md', 'docs/adr/1.md', 'README.md']
  assert.deepEqual(missingOnMap('[a](a.md)', paths), ['docs/guides/b.md'])
})

/** The rows of the map's first table: what is asked, and where the one click leads. */
function questionsIn(map: string): readonly (readonly string[])[] {
  const [, section = ''] = map.split('\n## The ten questions of the first week\n')
  const [table = ''] = section.split('\n## ')
  return [...table.matchAll(/^\| (.+\?) \| (.+) \|$/gm)].map(([, question = '', answer = '']) => [
    question,
    ...linksIn(answer).map(({ target }) => target),
  ])
}

test('docs/README.md answers the ten questions of the first week, each in one click', () => {
  const questions = questionsIn(filesUnder(ROOT).read('docs/README.md'))
  assert.equal(questions.length, 10)
  for (const [question, ...targets] of questions) assert.equal(targets.length, 1, question)
  const about = [
    'migrating',
    'testing',
    'who-may',
    'receipts',
    'failover',
    'back-it-up',
    'leaked',
    'erasing',
    'size-it',
    'mobile',
  ]
  for (const word of about)
    assert.equal(questions.filter(([, target]) => target?.includes(word)).length, 1, word)
})

const PLANTED = new Map([
  [
    'docs/there.md',
    '# A `b/c` & d\n\n## Twice\n\n## Twice\n\n```sh\n# no heading\n```\n<a id="named"></a>\n',
  ],
  ['docs/deep/also.md', '# Also\n'],
])

function planted(text: string): Files {
  const all = new Map([...PLANTED, ['docs/from.md', text], ['docs', ''], ['docs/deep', ''], ['a b.png', '']])
  return { exists: (path) => all.has(path), read: (path) => all.get(path) ?? assert.fail(path) }
}

for (const link of [
  '[a](there.md)',
  '[a](there.md "a title")',
  '[a](./deep/also.md#also)',
  '[a](../docs/there.md#a-bc--d)',
  '[a](there.md#twice-1)',
  '[a](there.md#named)',
  '[a](#here)',
  '[a](deep)',
  '![a](<../a%20b.png>)',
  '[a](https://there.example/no#no)',
  '[a]: there.md',
  '`[a](nowhere.md)`',
  '``[a](nowhere.md) ` ``',
  '\n```md\n[a](nowhere.md)\n```',
  '<img src="../a%20b.png">',
])
  test(`the rule takes ${JSON.stringify(link)}`, () => {
    assert.deepEqual(deadLinksIn('docs/from.md', planted(`# Here\n${link}\n`)), [])
  })

for (const link of [
  '[a](nowhere.md)',
  '[a](there.md#no-heading)',
  '[a](there.md#Twice)',
  '[a](there.md#twice-2)',
  '[a](#there)',
  '[a](/docs/there.md)',
  '[a](../../outside.md)',
  '[a](docs/there.md)',
  '[a]: nowhere.md',
  'and `code`, [a](nowhere.md)',
  '<img src="nowhere.png">',
])
  test(`the rule finds ${link}`, () => {
    assert.equal(deadLinksIn('docs/from.md', planted(`# Here\n\n${link}\n`)).length, 1)
  })

test('it says where', () => {
  assert.deepEqual(deadLinksIn('docs/from.md', planted('a\n[b](no.md)')), ['docs/from.md:2: no.md'])
})

test('anchors are those that Markdown is shown with', () => {
  assert.deepEqual(
    [...anchorsOf('# `POST /rtc-api/users/{userId}`\n## The *second*, [linked](x.md)!\n### Äpfel_und 2\n')],
    ['post-rtc-apiusersuserid', 'the-second-linked', 'äpfel_und-2'],
  )
})
