import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import { assertAccessible } from '../helpers/accessibility.ts'
import { openPage } from '../helpers/browser.ts'
import { fillBackend, headed, signInAsBackend, signInAsPerson } from '../helpers/console-page.ts'
import { type DirectoryScene, MANY, openDirectoryScene } from '../helpers/directory-scene.ts'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'

const SECRET = 'a-random-secret-of-enough-characters-for-tests'
const REFUSED = /Failed to load resource: the server responded with a status of (400|403|404|409|412)/
const MARKUP = '<img src=x onerror=alert(1)>'
const LONG = 'w'.repeat(128)

describe('the console keeps the directory', () => {
  let scene: DirectoryScene
  before(async () => {
    scene = await openDirectoryScene({ WEBHOOK_PRIVATE_ADDRESSES: '127.0.0.1' })
  })
  after(() => scene.close())

  async function open(t: TestContext, fragment: string, as: string, width = 1280): Promise<Page> {
    const watched = await scene.chromium.newContext(t, {
      viewport: { width, height: 900 },
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    watched.watch.expect(REFUSED)
    const page = await openPage(watched, `${scene.server.url}/console/${fragment}`)
    page.on('dialog', () => assert.fail('something was run that should be text'))
    if (as === 'service' || as.endsWith('-backend')) {
      await fillBackend(page, as, SECRET)
      await page.getByRole('button', { name: 'Sign out' }).waitFor()
    } else await signInAsPerson(page, as)
    return page
  }

  it('for an operator who adds a tenant, rotates its secret, and sees who did it', async (t) => {
    const page = await open(t, '#/directory/organizations', 'service')
    await page.getByRole('link', { name: 'Add an organization' }).click()
    await page.getByLabel('Id', { exact: true }).fill('initech')
    await page.getByLabel('Name', { exact: true }).fill('Initech Ltd')
    await page.getByRole('button', { name: 'Add an organization' }).click()
    await headed(page, 'Added: initech')
    await page.getByLabel('Organization', { exact: true }).fill('initech')
    await page.getByLabel('Organization', { exact: true }).press('Enter')
    await page.getByRole('link', { name: 'Directory', exact: true }).click()
    await tab(page, 'Clients').click()
    await page.getByText('There is no client yet').waitFor()
    await page.getByRole('link', { name: 'Add a client' }).click()
    await page.getByLabel('Id', { exact: true }).fill('initech-backend')
    await page.getByRole('button', { name: 'Add a client' }).click()
    await headed(page, 'Added: initech-backend')
    const first = await newSecret(page)
    assert.equal(await scene.statusOf('initech-backend', first), 200)

    await page.getByRole('link', { name: 'Open it' }).click()
    await headed(page, 'initech-backend')
    assert.equal(await page.getByText(first).count(), 0, 'it was shown once')
    await confirm(page, 'New secret', 'Make a new secret now')
    await page.getByText('It has a new secret').waitFor()
    const second = await newSecret(page)
    await page.getByRole('button', { name: 'Copy the secret' }).click()
    await page.getByText('Copied').waitFor()
    assert.equal(await page.evaluate('navigator.clipboard.readText()'), second)
    await assertAccessible(page, 'a client with a new secret')
    for (const secret of [first, second]) assert.equal(await scene.statusOf('initech-backend', secret), 200)
    await page.getByLabel('Authorities').fill('AGENT')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved, and in force').waitFor()
    assert.equal(await newSecret(page), second, 'who saves something else has not lost it')
    await confirm(page, 'Take the former away', 'End the former secret now')
    await page.getByText('Only the newest secret is good now').waitFor()
    assert.equal(await page.getByText(second).count(), 0)
    assert.equal(await scene.statusOf('initech-backend', first), 401)
    assert.equal(await scene.statusOf('initech-backend', second), 200)

    const lines = audit(page)
    await lines.nth(3).waitFor()
    assert.deepEqual(await said(lines), [
      'service took the former secret away',
      'service changed it',
      'service made a new secret',
      'service added it',
    ])
    await page.reload()
    await headed(page, 'initech-backend')
    assert.equal(await page.getByText(second).count(), 0)
    await page.goto(`${scene.server.url}/console/#/directory/organizations/initech?organization=initech`)
    await audit(page).getByText('added it').waitFor()
  })

  it('and loses nothing that is written where somebody else is first, but says who, and what is different', async (t) => {
    await scene.ask('POST webhooks?organizationId=acme', {
      id: 'orders',
      url: 'https://one.example/?token=x',
      events: ['*'],
    })
    const page = await open(t, '#/directory/webhooks/orders', 'boss')
    await page.getByText('It has a query, which is not shown').waitFor()
    await page.getByLabel('URL').fill('https://mine.example/')
    await scene.ask('PATCH webhooks/orders?organizationId=acme', {
      url: 'https://two.example/',
      enabled: false,
    })
    await page.getByRole('button', { name: 'Save' }).click()
    const told = page.getByRole('status').filter({ hasText: 'service has changed it meanwhile' })
    await told.getByText('https://two.example/').waitFor()
    assert.match((await told.textContent()) ?? '', /You wrote https:\/\/mine\.example\/, which is kept/)
    assert.equal(await page.getByLabel('URL').inputValue(), 'https://mine.example/')
    assert.equal(await page.getByLabel(/^Enabled/).isChecked(), false, 'what nobody touched here follows')
    await assertAccessible(page, 'somebody else was first')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved, and in force').waitFor()
    const saved = await scene.ask('GET webhooks/orders?organizationId=acme')
    assert.deepEqual([saved['url'], saved['enabled']], ['https://mine.example/', false])

    await page.getByLabel('URL').fill('https://lost.example/')
    await scene.ask('DELETE webhooks/orders?organizationId=acme')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('service has removed it meanwhile').waitFor()
    assert.equal(await page.getByLabel('URL').inputValue(), 'https://lost.example/')
    assert.equal(await page.getByRole('button', { name: 'Remove' }).count(), 0)
  })

  it('with webhooks that are set up, changed and removed, from where they are watched', async (t) => {
    const page = await open(t, '#/hooks', 'boss')
    await page.getByRole('link', { name: 'sets one up in the directory' }).click()
    await page.getByRole('link', { name: 'Add a webhook' }).click()
    await page.getByLabel('Id', { exact: true }).fill('crm')
    await page.getByLabel('URL').fill('nonsense')
    await page.getByRole('button', { name: 'Add a webhook' }).click()
    const url = page.locator('.field-bad').filter({ hasText: 'URL' })
    await url.getByText(/^must be an http/).waitFor()
    await page.getByLabel('URL').fill('http://127.0.0.1:9/hooks')
    await page.getByRole('button', { name: 'Add a webhook' }).click()
    await headed(page, 'Added: crm')
    assert.match(await newSecret(page), /^whsec_/)
    await page.getByRole('link', { name: 'Open it' }).click()
    await page.getByRole('link', { name: 'How it is doing' }).click()
    await page.getByText('every event').waitFor()
    await page.getByRole('link', { name: 'Edit' }).click()
    await page.getByLabel('UserEndpointConnectedEvent').uncheck()
    await page.getByLabel(/^Enabled/).uncheck()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved, and in force').waitFor()
    await confirm(page, 'New secret', 'Make a new secret now')
    assert.match(await newSecret(page), /^whsec_/)
    const crm = await scene.ask('GET webhooks/crm?organizationId=acme')
    assert.deepEqual([crm['enabled'], crm['secrets']], [false, 2])
    assert.ok(!(crm['events'] as readonly string[]).includes('UserEndpointConnectedEvent'))
    await confirm(page, 'Remove', 'Remove it for good')
    await page.getByText('There is no webhook yet').waitFor()
    await page.goto(`${scene.server.url}/console/#/directory/webhooks/crm`)
    await page.getByText('There is no webhook of this id').waitFor()
    await audit(page).getByText('removed it').waitFor()
  })

  it('with lists of many, that are searched and walked, and who holds an authority', async (t) => {
    const page = await open(t, '#/directory/users?organization=globex', 'service')
    await rows(page, 50)
    await assertAccessible(page, 'users')
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByRole('link', { name: 'many-098' }).waitFor()
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByRole('link', { name: `many-${MANY - 1}` }).click()
    await headed(page, `many-${MANY - 1}`)
    await page.goBack()
    await page.getByText('Users, page 3').waitFor()
    await page.getByLabel('Id of a user').fill('many-07')
    await rows(page, 10)
    await page.getByRole('link', { name: 'many-070' }).waitFor()
    await page.getByLabel('Id of a user').fill('nobody')
    await page.getByText('Nothing whose id begins like that').waitFor()
    await tab(page, 'Authorities').click()
    await page.getByLabel('A part of an authority').fill('agen')
    await rows(page, 1)
    await page.getByRole('link', { name: 'AGENT' }).click()
    await headed(page, 'AGENT')
    await page.getByText('No client holds it').waitFor()
    await page.getByRole('button', { name: 'Next' }).first().click()
    await page.getByRole('link', { name: 'many-059' }).waitFor()
    await assertAccessible(page, 'who holds an authority')
  })

  it('at the width of a phone, with long ids and markup, which stay text', async (t) => {
    await scene.ask('POST organizations', { id: MARKUP, name: LONG })
    await scene.ask('POST users', { username: MARKUP, id: LONG, organizationId: MARKUP })
    const page = await open(t, '#/directory/organizations', 'service', 390)
    await page.getByRole('link', { name: MARKUP }).click()
    await headed(page, MARKUP)
    await narrow(page)
    await page.getByLabel('Who may send what').fill('[{"to":')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('The rules are no JSON').waitFor()
    await page.getByLabel('Who may send what').fill(`[{"to":"${MARKUP}"}]`)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.locator('.field-error').getByText('send[0].to').waitFor()
    await confirm(page, 'Remove', 'Remove it for good')
    await page.getByText('remove those first').waitFor()
    await page.goto(`${scene.server.url}/console/#/directory/users/${LONG}`)
    await headed(page, LONG)
    assert.equal(await page.getByLabel('User name').inputValue(), MARKUP)
    await narrow(page)
    await assertAccessible(page, 'a user at the width of a phone')
    await page.goto(`${scene.server.url}/console/#/directory/users?prefix=ww`)
    await page.getByRole('link', { name: LONG }).waitFor()
    await narrow(page)
    for (const wrong of ['..', 'a%2Fb', '%E0%A4%A']) {
      await page.goto(`${scene.server.url}/console/#/directory/users/${wrong}`)
      await page.locator('main :is(.banner, .empty)').first().waitFor()
    }
    assert.equal(await page.locator('main img').count(), 0)
  })

  it('for administrators what is theirs; who may not, sees why', async (t) => {
    const page = await open(t, '#/directory/organizations', 'boss')
    await rows(page, 1)
    assert.equal(await page.getByRole('link', { name: 'Add an organization' }).count(), 0)
    await page.goto(`${scene.server.url}/console/#/directory/organizations?add=true`)
    await page.getByText('Organizations are added by role SERVICE').waitFor()
    await page.goto(`${scene.server.url}/console/#/directory/organizations/acme`)
    await page.getByText('Organizations are removed by role SERVICE').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Remove' }).count(), 0)
    await page.goto(`${scene.server.url}/console/#/directory/organizations`)
    await tab(page, 'Users').click()
    await rows(page, 3)
    await page.getByRole('link', { name: 'Add a user' }).click()
    assert.equal(await page.getByLabel('Organization', { exact: true }).count(), 0)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('link', { name: 'alice', exact: true }).waitFor()
    const backend = await open(t, '#/directory/users', 'acme-backend')
    await backend.getByText('Backends and other people may not see it').waitFor()
    const bob = await open(t, '#/directory/users/alice', 'bob')
    await bob.getByText('It is for people who administer it').waitFor()
  })

  it('and says of a file that it is one, and what to do', async (t) => {
    const data = await makeDataDir()
    const watched = await scene.chromium.newContext(t)
    watched.after(() => data.remove())
    const server = await startProcess(data.path)
    watched.after(() => server.kill())
    const page = await openPage(watched, `${server.url}/console/#/directory/users?organization=acme`)
    await signInAsBackend(page, 'platform-service')
    await page.getByText('The directory is a file').waitFor()
    await page.getByText('rollcall import-directory').waitFor()
    assert.equal(await page.getByRole('link', { name: /^Add/ }).count(), 0)
    await page.getByRole('link', { name: 'alice', exact: true }).click()
    await headed(page, 'alice')
    await page.getByText('"username": "alice"').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Save' }).count(), 0)
  })
})

function tab(page: Page, name: string): Locator {
  return page.getByRole('navigation', { name: 'What the directory has' }).getByRole('link', { name })
}

async function newSecret(page: Page): Promise<string> {
  return (await page.locator('.new-secret code').textContent()) ?? ''
}

async function confirm(page: Page, first: string, second: string): Promise<void> {
  await page.getByRole('button', { name: first, exact: true }).click()
  await page.getByRole('button', { name: second, exact: true }).click()
}

function audit(page: Page): Locator {
  return page.locator('.rows-audit tbody tr')
}

/** Who did what, without when and from where. */
async function said(lines: Locator): Promise<readonly string[]> {
  return (await lines.locator('.rows-main').allTextContents()).map((text) => text.replace(/\s+/g, ' '))
}

async function rows(page: Page, count: number): Promise<void> {
  const shown = page.locator('.rows-entries tbody tr')
  await eventually(async () => (await shown.count()) === count, `${count} rows`)
}

async function narrow(page: Page): Promise<void> {
  assert.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0)
}
