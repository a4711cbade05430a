import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { extname, join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { Acme } from '../helpers/acme.ts'
import { openPage } from '../helpers/browser.ts'
import { type BrowserScene, openBrowserScene } from '../helpers/browser-scene.ts'
import { FreshProject } from '../helpers/fresh-project.ts'
import { eventually } from '../helpers/run-server.ts'
import { readBlocks, readDocument } from '../helpers/snippets.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
}
const LOCAL = 'http://127.0.0.1:8080'

function block(marker: string): string {
  const found = readBlocks(readDocument('sdk.md')).find((one) => one.marker === marker)
  return found?.code ?? assert.fail(`docs/sdk.md has no ${marker}`)
}

/** What a page of docs/sdk.md does that is served in this test. */
const MAIN = `
import { connect, tokenSource } from '@rollcall/client'

const url = '${LOCAL}'
const person = { username: 'bob', password: 'bob-password' }
const getToken = tokenSource({ url, clientId: 'customer', grant: { type: 'password', ...person } })
const registration = connect({ url, getToken, onEvent: (event) => { document.title = String(event.caller) } })
registration.onState(({ status }) => {
  const state = document.querySelector('#app')
  if (state !== null) state.textContent = status
})
`

describe('a project that somebody has just begun', () => {
  let scene: BrowserScene
  let acme: Acme
  before(async () => {
    scene = await openBrowserScene()
    acme = new Acme(scene.server.url)
  })
  after(() => scene.close())

  const local = (code: string): string => code.replaceAll(LOCAL, scene.server.url)
  const open = async (t: TestContext, site: string): Promise<Page> => {
    const watched = await scene.chromium.newContext(t)
    watched.watch.allow(scene.server.url)
    return openPage(watched, site)
  }
  const begun = (t: TestContext, template: 'vanilla-ts' | 'react-ts'): FreshProject => {
    const project = FreshProject.ofTemplate(template)
    t.after(() => project.remove())
    return project
  }
  /** Sends bob an event that exactly one endpoint must acknowledge. */
  const ring = async (): Promise<void> => {
    await eventually(async () => (await acme.registered()).length === 1, 'one endpoint is registered')
    const [id = ''] = await acme.registered()
    const { count, acknowledged } = await acme.ring(id, { caller: 'Alice' }, { waitSeconds: 10 })
    assert.deepEqual([count, acknowledged], [1, 1])
  }

  it('in Vite and TypeScript compiles, is built, and is reachable', async (t) => {
    const project = begun(t, 'vanilla-ts')
    project.write('src/main.ts', local(MAIN))
    assertDone(project.tool('typescript/bin/tsc', []))
    assertDone(project.tool('vite/bin/vite.js', ['build', '--logLevel', 'warn']))
    const page = await open(t, await serve(t, join(project.folder, 'dist')))
    await page.locator('#app', { hasText: 'online' }).waitFor()
    await ring()
    assert.equal(await page.title(), 'Alice')
    await page.close()
    await leaveNobody(acme)
  })

  it('in React is reachable under one id, in StrictMode', async (t) => {
    const project = begun(t, 'react-ts')
    assert.match(project.read('src/main.tsx'), /<StrictMode>/)
    project.write('src/App.tsx', local(block('file: react')))
    assertDone(project.tool('typescript/bin/tsc', ['-b']))
    // Only React's own build for development does each effect twice.
    const development = { NODE_ENV: 'development' }
    const options = ['build', '--mode', 'development', '--logLevel', 'warn']
    assertDone(project.tool('vite/bin/vite.js', options, development))
    const page = await open(t, await serve(t, join(project.folder, 'dist')))
    await page.getByText('online', { exact: true }).waitFor()
    await ring()
    await page.locator('li').waitFor()
    assert.deepEqual(await page.locator('li').allTextContents(), ['CallOfferedEvent'])
    await page.close()
    await leaveNobody(acme)
  })

  it('without a bundler imports what the server has, which is what was packed', async (t) => {
    const project = FreshProject.empty()
    t.after(() => project.remove())
    project.install('client')
    const served = await (await fetch(`${scene.server.url}/sdk.js`)).text()
    assert.equal(served, project.read('node_modules/@rollcall/client/dist/sdk.js'))
    project.write('index.html', local(block('page: module')))
    const page = await open(t, await serve(t, project.folder))
    await page.locator('#state', { hasText: 'online' }).waitFor()
    await ring()
    assert.equal(await page.title(), 'Alice')
    await page.close()
    await leaveNobody(acme)
  })

  it('runs the file with the digest of the documents, and no other', async (t) => {
    const [map = ''] = /<script type="importmap">.*?<\/script>/s.exec(readDocument('sdk.md')) ?? []
    const real = map.replaceAll('https://rollcall.example.com', scene.server.url)
    const program = `<script type="module">import { connect } from '@rollcall/client'; document.title = typeof connect</script>`
    const project = FreshProject.empty()
    t.after(() => project.remove())
    const page = (importMap: string): string =>
      `<!doctype html><title>none</title><link rel="icon" href="data:,">${importMap}${program}`
    project.write('index.html', page(real))
    project.write('other.html', page(real.replace('sha384-', 'sha384-A')))
    const site = await serve(t, project.folder)
    const good = await open(t, site)
    await eventually(async () => (await good.title()) === 'function', 'it is imported')
    const watched = await scene.chromium.newContext(t)
    watched.watch.allow(scene.server.url)
    watched.watch.expect(/digest|integrity/i)
    const said: string[] = []
    watched.context.on('console', (message) => said.push(message.text()))
    const bad = await openPage(watched, `${site}other.html`)
    await eventually(() => said.some((text) => /digest|integrity/i.test(text)), 'the browser says so')
    assert.equal(await bad.title(), 'none')
  })
})

function assertDone({ status, output }: { readonly status: number | null; readonly output: string }): void {
  assert.equal(status, 0, output)
}

/** The next test's page is to be the only one: those that were closed are gone from the list. */
async function leaveNobody(acme: Acme): Promise<void> {
  for (const id of await acme.registered()) await acme.unregister(id)
}

/** A server of the project's own, as any that has files. Returns its URL. */
async function serve(t: TestContext, folder: string): Promise<string> {
  const server = createServer(async ({ url = '/' }, response) => {
    const path = new URL(url, 'http://localhost').pathname
    const file = join(folder, path.endsWith('/') ? `${path}index.html` : path)
    const body = await readFile(file).catch(() => undefined)
    if (body === undefined) response.writeHead(404).end()
    else
      response
        .writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream' })
        .end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const address = server.address()
  return typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}/` : ''
}
