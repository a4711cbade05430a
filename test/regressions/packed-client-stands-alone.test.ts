import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readBlocks } from '../helpers/snippets.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What `npm create vite` gives a project in TypeScript, and what its newer versions take for granted. */
const VITE_TSCONFIG = {
  compilerOptions: {
    target: 'es2023',
    module: 'esnext',
    lib: ['ES2023', 'DOM', 'DOM.Iterable'],
    types: ['vite/client'],
    skipLibCheck: true,
    moduleResolution: 'bundler',
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    moduleDetection: 'force',
    noEmit: true,
    strict: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    erasableSyntaxOnly: true,
    noFallthroughCasesInSwitch: true,
  },
  include: ['src'],
}

/** The programs over the SDK that a page could hold: all that documents show in blocks of JavaScript, but for Node's. */
function pagesOf(document: string): readonly string[] {
  return readBlocks(readFileSync(join(ROOT, document), 'utf8'))
    .filter(({ language, code }) => language === 'js' && code.includes(`from '@rollcall/client'`))
    .map(({ code }) => code)
    .filter((code) => !/from '(ws|node:)/.test(code))
}

describe('the packed SDK', () => {
  const project = mkdtempSync(join(tmpdir(), 'rollcall-packed-'))
  after(() => rmSync(project, { recursive: true, force: true }))
  const run = (program: string, args: readonly string[], cwd = project) => {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' })
    return { status, output: stdout + stderr }
  }
  const tool = (path: string, ...args: readonly string[]) =>
    run(process.execPath, [join(ROOT, 'node_modules', path), ...args])

  before(() => {
    const packed = run('npm', ['pack', '--silent', '-w', 'client', '--pack-destination', project], ROOT)
    assert.match(packed.output, /^rollcall-client-\S+\.tgz\n$/)
    writeFileSync(join(project, 'package.json'), '{ "name": "my-app", "private": true, "type": "module" }')
    const installed = run('npm', ['install', '--offline', '--no-audit', `./${packed.output.trim()}`])
    assert.equal(installed.status, 0, installed.output)
  })

  it('is one package that needs no other', () => {
    const { output } = run('npm', ['ls', '--all', '--parseable'])
    assert.deepEqual(
      output
        .trim()
        .split('\n')
        .map((path) => path.slice(path.lastIndexOf('/') + 1))
        .slice(1),
      ['client'],
    )
    const code = `const sdk = await import('@rollcall/client'); console.log(typeof sdk.connect, new sdk.RollcallError('unavailable').code)`
    assert.equal(run(process.execPath, ['--input-type=module', '-e', code]).output, 'function unavailable\n')
  })

  it('has what the documents show compile in a strict project of Vite, and bundled', () => {
    const pages = ['README.md', 'docs/sdk.md'].flatMap(pagesOf)
    assert.ok(pages.length >= 7, `${pages.length} programs`)
    mkdirSync(join(project, 'src'))
    symlinkSync(join(ROOT, 'node_modules/vite'), join(project, 'node_modules/vite'))
    for (const [index, code] of pages.entries()) writeFileSync(join(project, `src/page-${index}.ts`), code)
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify(VITE_TSCONFIG))
    const compiled = tool('typescript/bin/tsc', '-p', '.')
    assert.equal(compiled.status, 0, compiled.output)
    writeFileSync(join(project, 'index.html'), '<script type="module" src="/src/page-0.ts"></script>')
    const bundled = tool('vite/bin/vite.js', 'build', '--logLevel', 'warn')
    assert.equal(bundled.status, 0, bundled.output)
  })
})
