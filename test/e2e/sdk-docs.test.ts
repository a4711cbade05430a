import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'
import { matchesOutput, readSnippets, type Snippet } from '../helpers/snippets.ts'

const TEST_FOLDER = fileURLToPath(new URL('../', import.meta.url))
const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

type Running = { readonly child: ChildProcess; output(): string; ended: Promise<unknown> }

/** Runs the code as a module; what is a browser's own and Node.js 20 lacks is put there first. */
function start(test: TestContext, { code }: Snippet, url: string): Running {
  const prelude = `import Socket from 'ws'\nglobalThis.WebSocket ??= Socket\n`
  const module = prelude + code.replaceAll('http://127.0.0.1:8080', url)
  const child = spawn(process.execPath, ['--input-type=module', '-e', module], { cwd: TEST_FOLDER })
  test.after(() => child.kill('SIGKILL'))
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  return { child, output: () => output, ended: once(child, 'close') }
}

describe('docs/sdk.md', () => {
  const snippets = readSnippets('sdk.md')
  const snippet = (name: string): Snippet => snippets.get(name) ?? assert.fail(`no snippet ${name}`)

  it('runs as it says', async (t) => {
    const data = await makeDataDir()
    t.after(() => data.remove())
    const { url, kill } = await startProcess(data.path)
    t.after(() => kill())
    const reachable = start(t, snippet('reachable'), url)
    await eventually(() => reachable.output().includes('online'), 'somebody is reachable')
    for (const name of [...snippets.keys()].filter((other) => other !== 'reachable')) {
      const running = start(t, snippet(name), url)
      await running.ended
      assert.ok(matchesOutput(running.output(), snippet(name)), `${name}: ${running.output()}`)
    }
    assert.ok(matchesOutput(reachable.output(), snippet('reachable')), reachable.output())
  })

  it('names every option with its default and range, and no others', () => {
    const section = read('docs/sdk.md').split('## Options')[1]?.split('\nOf `createBackend`')[0] ?? ''
    const rows = section.split('\n').filter((line) => line.startsWith('| `'))
    const documented = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name),
    )
    const [type = ''] = read('client/src/connect/options.ts').split(
      '/** The options with nothing left open. */',
    )
    const [, handlers = ''] = read('client/src/connect/handlers.ts').split('export type Handlers<')
    const [ofHandlers = ''] = handlers.split('\n}')
    const existing = [...`${ofHandlers}\n${type}`.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(
      ([, name]) => name,
    )
    assert.ok(existing.length > 20)
    assert.deepEqual(documented.sort(), existing.sort())
    const bounds = [
      ...read('client/src/connect/options.ts').matchAll(/integer\('(\w+)', ([\d_]+), ([\d_]+), ([\d_]+)\)/g),
    ]
    assert.equal(bounds.length, 9)
    const asText = (digits = ''): string => Number(digits.replaceAll('_', '')).toLocaleString('en-US')
    for (const [, name, byDefault, min, max] of bounds) {
      const row = rows.find((line) => line.startsWith(`| \`${name}\``)) ?? ''
      assert.match(
        row,
        new RegExp(`\\| ${asText(byDefault)}( m?s)? \\| ${asText(min)} to ${asText(max)} \\|`),
        name,
      )
    }
  })

  it('names every error code, and no others', () => {
    const section = read('docs/sdk.md').split('## Errors')[1]?.split('\n## ')[0] ?? ''
    const documented = [...section.matchAll(/^\| `(\w+)` \|/gm)]
      .map(([, code]) => code)
      .filter((code) => code !== 'code')
    const [, table = ''] = /SDK_ERRORS = \{(.*?)\n\}/s.exec(read('client/src/sdk-error.ts')) ?? []
    const existing = [...table.matchAll(/^ {2}(\w+): '/gm)].map(([, code]) => code)
    assert.ok(existing.length > 10)
    assert.deepEqual(documented, existing)
  })
})
