import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CLIENT = fileURLToPath(new URL('../../client/', import.meta.url))

/** What a page that imports just this has to load: bytes, minified and compressed. Raise it knowingly. */
const BUDGETS = [
  ['connect', 15_900],
  ['createBackend', 6_750],
  ['createClient', 2_450],
  ['requestToken', 900],
  ['tokenSource', 1_320],
] as const

/** The built package as a bundler for browsers sees it. */
async function bundle(name: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `export { ${name} } from '@rollcall/client'`, resolveDir: CLIENT },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

/** A web page's program, compiled against the package as it is published, with the browser's own types. */
const PAGE = `
import { connect, type Registration, tokenSource } from '@rollcall/client'

export function start(url: string): Registration {
  return connect({
    url,
    getToken: tokenSource({ url, clientId: 'c', grant: { type: 'password', username: 'a', password: 'b' } }),
    onEvent: (event) => {
      document.title = event.type
    },
    WebSocket,
    storage: localStorage,
    locks: navigator.locks,
    channel: (name) => new BroadcastChannel(name),
    fetch,
  })
}
`

describe('the built SDK', () => {
  for (const [name, budgetBytes] of BUDGETS)
    it(`${name} takes at most ${budgetBytes} bytes`, async (t) => {
      const code = await bundle(name)
      assert.match(code, new RegExp(`as ${name}\\b`), 'it is there')
      const bytes = gzipSync(code, { level: 9 }).length
      t.diagnostic(`${name}: ${bytes} bytes compressed, ${code.length} minified`)
      assert.ok(bytes <= budgetBytes, `${bytes} bytes`)
      assert.ok(bytes > budgetBytes * 0.85, `${bytes} bytes: the budget is too wide to notice anything`)
    })

  it('leaves nothing in a page that imports it and uses nothing', async () => {
    const { outputFiles } = await build({
      stdin: { contents: `import '@rollcall/client'`, resolveDir: CLIENT },
      bundle: true,
      write: false,
      format: 'esm',
      logLevel: 'silent',
    })
    assert.equal(outputFiles[0]?.text.replace(/\/\/.*\n/g, '').trim(), '')
  })

  it('needs nothing of Node', async () => {
    assert.doesNotMatch(await bundle('connect'), /node:|\brequire\(|\bprocess\./)
  })

  it('is found by Node under its name', () => {
    const code = `const { connect } = await import('@rollcall/client'); process.stdout.write(typeof connect)`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: CLIENT,
      encoding: 'utf8',
    })
    assert.equal(stdout, 'function', stderr)
  })

  it('has types that a strict program can use', () => {
    const program = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))
    const options = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2022',
      '--skipLibCheck',
      'false',
    ]
    const page = '.cache/client-page/page.ts'
    mkdirSync(dirname(join(ROOT, page)), { recursive: true })
    writeFileSync(join(ROOT, page), PAGE)
    const { status, stdout } = spawnSync(
      process.execPath,
      [program, ...options, '--lib', 'es2023,dom,dom.asynciterable', '--types', '', '--ignoreConfig', page],
      { cwd: ROOT, encoding: 'utf8' },
    )
    assert.equal(status, 0, stdout)
  })
})
