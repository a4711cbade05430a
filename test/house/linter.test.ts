import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { ROOT } from './sources.ts'

const lines = (count: number, line: string) => `${line}\n`.repeat(count)

/** What the linter must refuse under the repository's own configuration: rules of its nursery may fall silent. */
const REFUSED: readonly (readonly [rule: string, text: string])[] = [
  ['complexity/noExcessiveLinesPerFunction', `export function a(b: number) {\n${lines(71, '  b += 1')}}\n`],
  ['suspicious/noExplicitAny', 'export const a: any = 1\n'],
  ['style/noDefaultExport', 'export default 1\n'],
  ['style/noEnum', 'export enum A {\n  b = 1,\n}\n'],
  ['style/noNonNullAssertion', 'export const a = (b: string | null) => b!.length\n'],
  ['style/useImportType', "import { A } from './a.ts'\nexport type B = A\n"],
  ['nursery/noFloatingPromises', 'async function a(): Promise<void> {}\nexport function b() {\n  a()\n}\n'],
  [
    'nursery/useExhaustiveSwitchCases',
    "export function a(b: 'c' | 'd') {\n  switch (b) {\n    case 'c':\n      return 1\n  }\n}\n",
  ],
  ['format', 'export const a = "double";\n'],
]

const LONG_SUITE = `import { describe } from 'node:test'\n\ndescribe('a', () => {\n${lines(80, '  null')}})\n`

/** Runs the linter over files made in a folder of their own; returns `rule` → path, one pair a finding. */
function lint(texts: ReadonlyMap<string, string>): Set<string> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-lint-'))
  try {
    for (const [path, text] of texts) {
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), text)
    }
    const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome')
    // Copied, not pointed to: the rules that need types are silent outside the configuration's own folder.
    copyFileSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'))
    const options = ['ci', '--reporter=github', '--max-diagnostics=200', '--vcs-enabled=false', '.']
    const { stdout } = spawnSync(process.execPath, [biome, ...options], { cwd: folder, encoding: 'utf8' })
    return new Set(
      [...stdout.matchAll(/title=(?:lint\/)?([\w/]+),file=([^,]+)/g)].map(
        ([, rule, file = '']) => `${rule} ${relative(folder, file)}`,
      ),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('the linter refuses what the house refuses', () => {
  const texts = new Map(REFUSED.map(([, text], index) => [`server/src/planted-${index}.ts`, text] as const))
  const found = lint(texts)
  for (const [index, [rule]] of REFUSED.entries())
    assert.ok(
      found.has(`${rule} server/src/planted-${index}.ts`),
      `${rule}: not found in ${[...found].join('; ')}`,
    )
})

test('a suite may be longer than a function', () => {
  assert.deepEqual(lint(new Map([['test/planted.test.ts', LONG_SUITE]])), new Set())
})
