import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Page } from 'playwright-core'
import { assertAccessible } from '../helpers/accessibility.ts'
import { openPage } from '../helpers/browser.ts'
import { headed } from '../helpers/console-page.ts'
import { type DirectoryScene, openDirectoryScene } from '../helpers/directory-scene.ts'
import { FakeProvider } from '../helpers/fake-provider.ts'

const REFUSED = /Failed to load resource: the server responded with a status of (400|403|503)/
const MARKUP = '<img src=x onerror=alert(1)>'
const BUTTON = { name: `Sign in with ${MARKUP}` }

describe('people sign in to the console at an identity provider', () => {
  const provider = new FakeProvider()
  let scene: DirectoryScene
  before(async () => {
    await provider.start()
    scene = await openDirectoryScene({
      OPEN_ID_CONNECT: JSON.stringify({
        issuer: provider.url,
        clientId: provider.clientId,
        name: MARKUP,
        claims: { organizationId: 'org', authorities: ['realm_access', 'roles'] },
        organizations: '*',
        roles: { ops: 'SERVICE', staff: 'ORGANIZATION_ADMIN', people: 'ROLE_USER' },
      }),
      OPEN_ID_CONNECT_CLIENT_SECRET: provider.clientSecret,
    })
  })
  after(async () => {
    await scene.close()
    await provider.stop()
  })

  async function open(t: TestContext, fragment = ''): Promise<Page> {
    const watched = await scene.chromium.newContext(t, { viewport: { width: 390, height: 800 } })
    watched.watch.expect(REFUSED)
    watched.watch.allow(provider.url)
    provider.comesBackWith = {}
    const page = await openPage(watched, `${scene.server.url}/console/${fragment}`)
    page.on('dialog', () => assert.fail('something was run that should be text'))
    return page
  }

  const is = (sub: string, roles: readonly string[], org?: string): void => {
    provider.claims = { sub, org, realm_access: { roles } }
  }

  it('and administer by it; its token outlives a reload and ends with the sign-out', async (t) => {
    is('opal', ['other', 'ops'])
    const page = await open(t, '#/directory/organizations')
    await page.getByRole('button', BUTTON).waitFor()
    await assertAccessible(page, 'the sign-in page with a provider')
    assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0)
    await page.getByRole('button', BUTTON).click()
    await headed(page, 'Directory')
    assert.equal(new URL(page.url()).search, '', 'neither code nor state stay in the address')
    assert.equal(new URL(page.url()).hash, '#/directory/organizations')
    assert.equal(await page.evaluate('sessionStorage.getItem("rollcall.console.sign-in")'), null)
    await page.getByRole('link', { name: 'Add an organization' }).click()
    await page.getByLabel('Id', { exact: true }).fill('initech')
    await page.getByRole('button', { name: 'Add an organization' }).click()
    await page.getByRole('link', { name: 'Open it' }).click()
    await page.locator('.rows-audit').getByText('opal added it').waitFor()
    await page.reload()
    await headed(page, 'initech')
    const kept = await page.evaluate(
      'JSON.parse(sessionStorage.getItem("rollcall.console.token")).accessToken',
    )
    assert.equal(await statusOf(scene, String(kept)), 200)
    const revoked = page.waitForResponse(/\/security\/oidc\/revoke$/)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', BUTTON).waitFor()
    assert.equal((await revoked).status(), 200)
    assert.equal(await statusOf(scene, String(kept)), 401)
  })

  it('as what the claims say: an administrator of one organization, or somebody who sees their own', async (t) => {
    is('adele', ['staff'], 'acme')
    const page = await open(t, '#/directory/users')
    await page.getByRole('button', BUTTON).click()
    await page.getByRole('link', { name: 'alice', exact: true }).waitFor()
    assert.equal(await page.getByRole('link', { name: 'many-000' }).count(), 0)
    await page.getByRole('button', { name: 'Sign out' }).click()
    is('paul', ['people'], 'globex')
    await page.getByRole('button', BUTTON).click()
    await headed(page, 'paul')
    await page.getByText('Your own devices').waitFor()
  })

  it('and nobody else: unknown roles, a nonce, a state, an issuer or an answer that is not what it should be', async (t) => {
    is('mallory', ['unknown'], 'acme')
    const page = await open(t)
    const attempt = async (title: string): Promise<void> => {
      await page.getByRole('button', BUTTON).click()
      await page.getByRole('alert').getByText(title).waitFor()
      assert.equal(await page.evaluate('sessionStorage.length'), 0)
      assert.equal(new URL(page.url()).search, '')
    }
    await attempt('You are not let in here')
    is('mallory', ['ops'])
    provider.claims = { ...provider.claims, nonce: 'planted' }
    await attempt('The sign-in did not come about')
    is('mallory', ['ops'])
    provider.comesBackWith = { iss: 'https://evil.example' }
    await attempt('The sign-in did not come about')
    provider.comesBackWith = { state: 'planted' }
    await attempt('This sign-in was not begun here')
    provider.comesBackWith = { error: 'access_denied', error_description: MARKUP }
    await attempt('The identity provider has not signed you in')
    await page.getByText(`access_denied ${MARKUP}`).waitFor()
    assert.equal(await page.locator('main img').count(), 0)
    provider.comesBackWith = {}
    provider.instead.set('/token', (_, response) => response.writeHead(302, { location: '/jwks' }).end())
    await attempt('The identity provider cannot be asked now')
    provider.instead.clear()
    // Whoever goes back from the provider, to a page that was kept in memory, can begin anew.
    provider.instead.set('/authorize', (_, response) => response.writeHead(204).end())
    await page.getByRole('button', BUTTON).click()
    await page.getByRole('button', { name: 'Signing in …' }).waitFor()
    await page.evaluate('dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true }))')
    await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
    assert.equal(await page.getByRole('button', BUTTON).isEnabled(), true)
    provider.instead.clear()
    // An address that somebody has sent, with a code of their own.
    await page.goto(`${scene.server.url}/console/?code=theirs&state=theirs`)
    await page.getByText('This sign-in was not begun here').waitFor()
    await page.goto(`${scene.server.url}/console/?code=theirs&state=`)
    await page.getByText('This sign-in was not begun here').waitFor()
  })
})

async function statusOf({ server }: DirectoryScene, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` }
  return (await fetch(`${server.url}/rtc-api/directory/organizations`, { headers })).status
}
