import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openPage, startBrowser, type TestBrowser } from '../helpers/browser.ts'
import { FreshProject } from '../helpers/fresh-project.ts'
import { eventually, freePort, makeDataDir, startProcess } from '../helpers/run-server.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** What the README says, once: a missing sentence must not pass for a step that was followed. */
function said(pattern: RegExp): readonly string[] {
  const found = pattern.exec(README)
  assert.ok(found !== null, `the README does not say ${pattern}`)
  return found.slice(1)
}

describe('the README, by its own words', () => {
  let chromium: TestBrowser
  before(async () => {
    chromium = await startBrowser({ isWhole: true })
  })
  after(() => chromium.close())

  it('leads to a ring between two tabs, and to what became of it', async (t) => {
    const watched = await chromium.newContext(t)
    const data = await makeDataDir()
    t.after(() => data.remove())
    const server = await startProcess(data.path)
    t.after(() => server.kill())
    const open = (address = '') => openPage(watched, address.replace('http://127.0.0.1:8080', server.url))

    const bob = await open(said(/^1\. Open <(\S+)> in a tab/m)[0])
    const [toAlice, ring = ''] = said(/^2\. Open <(\S+)> in another, and press \*\*([^*]+)\*\*/m)
    const alice = await open(toAlice)
    await bob.getByText('Bob · online').waitFor()
    await alice.getByRole('button', { name: ring }).click()
    await bob.getByRole('button', { name: 'Answer' }).click()
    await alice.getByText('Bob answered').waitFor()

    const [toConsole] = said(/Open the console, <(\S+)>/)
    const [clientId = '', secret = ''] = said(/as the backend `([^`]+)`\s+with the secret `([^`]+)`/)
    const page = await open(toConsole)
    await page.getByLabel('Client id').fill(clientId)
    await page.getByLabel('Client secret').fill(secret)
    await page.getByRole('button', { name: 'Sign in' }).click()
    const [first = '', second = ''] = said(/Click \*\*([^*]+)\*\*, then \*\*([^*]+)\*\*/)
    await page.getByRole('link', { name: first, exact: true }).click()
    await page.getByRole('link', { name: second, exact: true }).click()
    await page.getByText('bob is reachable: the only device is connected').waitFor()
    await page.getByText(/^Last event .+ Acknowledged by its only device/).waitFor()
  })

  it("leads to a page of one's own that is rung", async (t) => {
    const watched = await chromium.newContext(t)
    const data = await makeDataDir()
    t.after(() => data.remove())
    const server = await startProcess(data.path)
    t.after(() => server.kill())
    const project = FreshProject.empty()
    t.after(() => project.remove())
    project.install('client')
    const [code = ''] = said(/<!-- run: page -->\s+```js\n([^`]+)```/)
    project.write('page.js', code.replaceAll('http://127.0.0.1:8080', server.url))
    const [serve = ''] = said(/<!-- quick start: serve -->\s+```sh\n([^`]+?)\n```/)
    const port = await freePort()
    const vite = `exec "${process.execPath}" node_modules/vite/bin/vite.js`
    const served = serve.replaceAll('~/my-app', project.folder).replace('npx vite', vite)
    // Where `CI` is set it prints in colour, which comes between the host and the port.
    const env = { ...process.env, NO_COLOR: '1' }
    const child = spawn('bash', ['--norc', '-c', `${served} --port ${port} --strictPort`], { cwd: ROOT, env })
    t.after(() => child.kill('SIGKILL'))
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += String(chunk)
    })
    await eventually(() => output.includes(`:${port}`), 'it is served', 20_000)

    watched.watch.allow(server.url)
    watched.watch.expect(/favicon\.ico/)
    const lines: string[] = []
    watched.context.on('console', (message) => void lines.push(message.text()))
    const [address = ''] = said(/Open <(http:\/\/localhost:5173)>, and ring it/)
    await openPage(watched, address.replace('5173', String(port)))
    const ring = () => {
      const [command = ''] = said(/<!-- quick start: ring -->\s+```sh\n([^`]+?)\n```/)
      const cli = `"${process.execPath}" cli/dist/main.js`
      const env = { PATH: process.env['PATH'], ROLLCALL_URL: server.url }
      const real = command.replace('npm run -s rollcall --', cli)
      return spawnSync('bash', ['--norc', '-c', real], { cwd: ROOT, env, encoding: 'utf8' })
    }
    await eventually(async () => {
      const metrics = await (await fetch(`${server.url}/metrics`)).text()
      return /^rollcall_links 1$/m.test(metrics)
    }, 'the page is reachable')
    const { stdout, stderr } = ring()
    assert.match(stdout, /^\{"count":1,.*"acknowledged":1/, stderr)
    await eventually(() => lines.includes('CallOfferedEvent Alice'), lines.join('\n'))
  })
})
