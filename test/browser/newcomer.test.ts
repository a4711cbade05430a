import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { openPage, startBrowser, type TestBrowser } from '../helpers/browser.ts'
import { makeDataDir, startProcess } from '../helpers/run-server.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

/** What the README says, once: a missing sentence must not pass for a step that was followed. */
function said(pattern: RegExp): readonly string[] {
  const found = pattern.exec(README)
  assert.ok(found !== null, `the README does not say ${pattern}`)
  return found.slice(1)
}

describe('the README, by its own words', () => {
  let chromium: TestBrowser
  before(async () => {
    chromium = await startBrowser()
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
})
