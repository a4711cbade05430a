import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FreshProject } from '../helpers/fresh-project.ts'
import { readBlocks } from '../helpers/snippets.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PACKAGE = 'node_modules/@rollcall/client'

/** The programs over the SDK that a page could hold: all that documents show in blocks of JavaScript, but for Node's. */
function pagesOf(document: string): readonly string[] {
  return readBlocks(readFileSync(join(ROOT, document), 'utf8'))
    .filter(({ language, code }) => /^[jt]s$/.test(language) && code.includes(`from '@rollcall/client'`))
    .map(({ code }) => code)
    .filter((code) => !/from '(ws|node:)/.test(code))
}

/** A project in TypeScript as Vite makes it, and the SDK installed from the file. */
describe('the packed SDK', () => {
  let project: FreshProject
  before(() => {
    project = FreshProject.ofTemplate('vanilla-ts')
  })
  after(() => project.remove())

  it('is one package that needs no other', () => {
    const alone = FreshProject.empty()
    try {
      alone.install('client')
      const { output } = alone.run('npm', ['ls', '--all', '--parseable'])
      const names = output.trim().split('\n').slice(1)
      assert.deepEqual(
        names.map((path) => path.slice(path.lastIndexOf('/') + 1)),
        ['client'],
      )
      const code = `const sdk = await import('@rollcall/client'); console.log(typeof sdk.connect, new sdk.RollcallError('unavailable').code)`
      const { output: said } = alone.run(process.execPath, ['--input-type=module', '-e', code])
      assert.equal(said, 'function unavailable\n')
    } finally {
      alone.remove()
    }
  })

  it('has a manifest for others, a license, and a page that leads nowhere else', () => {
    const manifest = JSON.parse(project.read(`${PACKAGE}/package.json`))
    for (const own of ['private', 'devDependencies', 'dependencies', 'scripts'])
      assert.ok(!Object.hasOwn(manifest, own), own)
    assert.doesNotMatch(JSON.stringify(manifest), /"source"|src\//)
    assert.equal(project.read(`${PACKAGE}/LICENSE`), readFileSync(join(ROOT, 'LICENSE'), 'utf8'))
    const page = project.read(`${PACKAGE}/README.md`)
    assert.doesNotMatch(page, /\]\(/, 'a link would lead out of the package')
  })

  it('has the sources behind its maps', () => {
    const files = project
      .run('find', [`${PACKAGE}/dist`, '-name', '*.js'])
      .output.trim()
      .split('\n')
    assert.ok(files.length > 30, `${files.length} files`)
    for (const file of files) {
      const [, map = ''] = /\/\/# sourceMappingURL=(\S+)\s*$/.exec(project.read(file)) ?? []
      const { sources, sourcesContent } = JSON.parse(project.read(join(file, '..', map)))
      assert.ok(sources.length > 0, file)
      assert.equal(sourcesContent?.length, sources.length, file)
      for (const content of sourcesContent) assert.ok(content.length > 0, file)
    }
  })

  it('is well packed, say publint and arethetypeswrong', () => {
    const [file = ''] = project.run('sh', ['-c', 'ls rollcall-client-*.tgz']).output.trim().split('\n')
    assert.ok(existsSync(join(project.folder, file)))
    const publint = project.tool('publint/src/cli.js', ['--strict', file])
    assert.equal(publint.status, 0, publint.output)
    assert.match(publint.output, /All good/)
    const options = [file, '--profile', 'esm-only', '--no-emoji', '--no-color']
    const attw = project.tool('@arethetypeswrong/cli/dist/index.js', options)
    assert.equal(attw.status, 0, attw.output)
    assert.match(attw.output, /node16 \(from ESM\)/)
    assert.match(attw.output, /"@rollcall\/client\/sdk\.js"/)
  })

  it('has what the documents show compile in a strict project of Vite, and bundled', () => {
    const pages = ['README.md', 'docs/sdk.md', 'client/README.md'].flatMap(pagesOf)
    assert.ok(pages.length >= 10, `${pages.length} programs`)
    mkdirSync(join(project.folder, 'src/pages'))
    for (const [index, code] of pages.entries()) project.write(`src/pages/page-${index}.ts`, code)
    const compiled = project.tool('typescript/bin/tsc', ['-p', '.', '--strict', '--skipLibCheck', 'false'])
    assert.equal(compiled.status, 0, compiled.output)
    project.write('index.html', '<script type="module" src="/src/pages/page-0.ts"></script>')
    const bundled = project.tool('vite/bin/vite.js', ['build', '--logLevel', 'warn'])
    assert.equal(bundled.status, 0, bundled.output)
  })
})
