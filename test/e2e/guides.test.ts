import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { findChromium } from '../../scripts/system-packages.mjs'
import { openPage, startBrowser } from '../helpers/browser.ts'
import { Guide } from '../helpers/guide.ts'

const missing = ['bash', 'curl'].filter((tool) => spawnSync(tool, ['--version']).status !== 0)
if (findChromium() === undefined) missing.push('Chromium')
const skip =
  missing.length > 0 && `the guides need ${missing.join(' and ')}, which this machine does not have`

const GUIDES: Readonly<Record<string, (t: TestContext) => Promise<void>>> = {
  'first-app.md': async (t) => {
    const { newContext, close } = await startBrowser()
    t.after(() => close())
    const guide = await Guide.open(t)
    const watched = await newContext(t)
    watched.watch.allow(guide.real('http://127.0.0.1:8080'))
    let page: Awaited<ReturnType<typeof openPage>> | undefined
    await guide.follow('guides/first-app.md', {
      after: {
        serve: async () => {
          page = await openPage(watched, guide.real('http://127.0.0.1:5173'))
          await page.getByText('online (subscribed)').waitFor()
        },
        backend: async () => page?.getByText('CallOfferedEvent from Alice').waitFor(),
        ring: async () => {
          await page?.getByText('CallOfferedEvent from Carol').waitFor()
          await page?.getByText('Sign out').click()
          await page?.getByText('closed (closed_by_app)').waitFor()
        },
      },
    })
  },

  'identity-provider.md': async (t) => {
    const guide = await Guide.open(t)
    await guide.follow('guides/identity-provider.md', {
      checks: {
        log: (code) => {
          const line = code.trim().replace(/^\{"level":20,"time":"[^"]+",/, '')
          assert.ok(guide.printed('start').includes(line), guide.printed('start'))
          const reasons = [...guide.printed('start').matchAll(/"reason":"(\w+)","msg":"token refused"/g)]
          assert.deepEqual(
            reasons.map(([, reason]) => reason),
            ['organization', 'claims', 'claims', 'claims', 'not_in_directory', 'audience', 'expired'],
          )
        },
      },
    })
  },
}

describe('docs/guides', { skip }, () => {
  for (const [name, follow] of Object.entries(GUIDES)) it(name, follow)

  it('are all followed', () => {
    const there = readdirSync(new URL('../../docs/guides/', import.meta.url))
    assert.deepEqual(Object.keys(GUIDES).sort(), there.sort())
  })
})
