import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { openPage, startBrowser, type TestBrowser } from '../helpers/browser.ts'
import { FAR_HOST_FLAGS, startFarHost } from '../helpers/far-host.ts'
import { makeDataDir, startProcess } from '../helpers/run-server.ts'

/** Browsers keep `crypto.randomUUID`, Web Locks and the clipboard from pages that came from another host without TLS. */
describe('from another host over plain http', () => {
  let chromium: TestBrowser
  before(async () => {
    chromium = await startBrowser({ flags: FAR_HOST_FLAGS })
  })
  after(() => chromium.close())

  async function begin(t: TestContext) {
    const watched = await chromium.newContext(t)
    // A header that means something over https only, which Chromium remarks on.
    watched.watch.expect(/Cross-Origin-Opener-Policy header has been ignored/)
    const data = await makeDataDir()
    t.after(() => data.remove())
    const server = await startProcess(data.path)
    t.after(() => server.kill())
    const far = await startFarHost(server.url)
    t.after(() => far.close())
    return async (path: string) => {
      const page = await openPage(watched, far.url + path)
      assert.equal(await page.evaluate('isSecureContext'), false)
      return page
    }
  }

  it('the example rings, and is answered', async (t) => {
    const open = await begin(t)
    const bob = await open('/examples/ring/?as=bob')
    await bob.getByText('Bob · online').waitFor()
    const alice = await open('/examples/ring/?as=alice')
    await alice.getByRole('button', { name: 'Ring Bob' }).click()
    await bob.getByRole('button', { name: 'Answer' }).click()
    await alice.getByText('Bob answered').waitFor()
  })

  it('the console signs in and sends', async (t) => {
    const open = await begin(t)
    const page = await open('/console/')
    await page.getByLabel('Client id').fill('acme-backend')
    await page.getByLabel('Client secret').fill('acme-secret')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('link', { name: 'Send', exact: true }).click()
    await page.getByLabel('User').fill('bob')
    await page.getByRole('button', { name: 'Send', exact: true }).click()
    await page.getByText('Nobody is registered').waitFor()
  })
})
