import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { parse } from 'yaml'
import { findChromium } from '../../scripts/system-packages.mjs'
import { openPage, startBrowser } from '../helpers/browser.ts'
import { Guide } from '../helpers/guide.ts'
import {
  assertCaddy,
  assertMetricsExist,
  assertNewerFormatRefused,
  assertNginx,
  assertScriptsExist,
  assertServesTls,
  assertUnit,
} from '../helpers/guide-checks.ts'
import { eventually, makeDataDir, startProcess } from '../helpers/run-server.ts'

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
    const elsewhere = await newContext(t)
    for (const { watch } of [watched, elsewhere]) watch.allow(guide.real('http://127.0.0.1:8080'))
    let page: Awaited<ReturnType<typeof openPage>> | undefined
    await guide.follow('guides/first-app.md', {
      after: {
        serve: async () => {
          page = await openPage(watched, guide.real('http://127.0.0.1:5173'))
          await page.getByText('online (subscribed)').waitFor()
          const other = await openPage(elsewhere, guide.real('http://localhost:5173'))
          await other.getByText('online (subscribed)').waitFor()
          await other.getByText('Sign out').click()
          await other.getByText('closed (closed_by_app)').waitFor()
          await other.close()
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

  'receipts.md': async (t) => {
    const guide = await Guide.open(t)
    await guide.runOnly('guides/first-app.md', 'sdk')
    await guide.follow('guides/receipts.md', {
      after: {
        rings: async () => {
          await eventually(() => guide.printed('phone').includes('CallOfferedEvent'), 'the phone rings')
        },
      },
      checks: {
        directory: (code) => assertStarts(t, guide, code),
      },
    })
  },

  'production.md': async (t) => {
    const guide = await Guide.open(t)
    const metrics = async () =>
      (
        await fetch(`${guide.real('http://127.0.0.1:8080')}/metrics`, {
          headers: { authorization: 'Bearer replace-this-by-something-random' },
        })
      ).text()
    await guide.follow('guides/production.md', {
      checks: {
        install: assertScriptsExist,
        systemd: assertUnit,
        nginx: assertNginx,
        caddy: assertCaddy,
        'env-tls': (code) => assertServesTls(t, code),
        alerts: async (code) => assertMetricsExist(code, await metrics()),
      },
    })
    // The restore was the last to bring it back, and the restart found what was registered.
    assert.match(readFileSync(join(guide.home, 'journal'), 'utf8'), /"msg":"listening"/)
  },

  'migrating.md': async (t) => {
    const guide = await Guide.open(t)
    await guide.follow('guides/migrating.md')
  },

  'testing.md': async (t) => {
    const guide = await Guide.open(t)
    await guide.runOnly('guides/first-app.md', 'sdk')
    await guide.follow('guides/testing.md', {
      after: { start: () => guide.stop('start') },
      checks: {
        workflow: (code) => {
          assertScriptsExist(code)
          const { jobs } = parse(code)
          assert.deepEqual(
            jobs.test.steps.map(
              (step: { readonly uses?: string; readonly run?: string }) => step.uses ?? step.run,
            ),
            [
              'actions/checkout@v4',
              'actions/setup-node@v4',
              'actions/checkout@v4',
              'npm ci && npm run build',
              'npm ci',
              'npm test',
            ],
          )
        },
      },
    })
  },

  'failover.md': async (t) => {
    const guide = await Guide.open(t)
    await guide.runOnly('guides/production.md', 'directory')
    await guide.saveOnly('guides/production.md', '/etc/rollcall/env')
    await guide.follow('guides/failover.md', {
      checks: {
        copy: (code) =>
          assert.match(code, /^sudo rsync .+ \/var\/backups\/rollcall\/ \S+:\/var\/backups\/rollcall\/$/m),
      },
    })
  },

  'leaked-keys.md': async (t) => {
    const guide = await Guide.open(t)
    await guide.follow('guides/leaked-keys.md', { after: { user: () => guide.stop('start') } })
  },

  'erasing-data.md': async (t) => {
    const guide = await Guide.open(t)
    await guide.follow('guides/erasing-data.md')
  },

  'masks.md': async (t) => {
    const guide = await Guide.open(t)
    await guide.follow('guides/masks.md', {
      checks: {
        event: (code) => assert.equal(JSON.parse(code).type, 'PaymentRequestedEvent'),
        log: (code) => {
          const log = guide.printed('start')
          const told = JSON.parse(code)
          const lines = [...log.matchAll(/^\{.*"route":"\/rtc-api\/users\/endpoints\/sendEvent".*$/gm)]
          const [line = '{}'] = lines.map(([text]) => text)
          const real = JSON.parse(line)
          assert.deepEqual(Object.keys(real), Object.keys(told))
          assert.deepEqual([real.route, real.status, real.msg], [told.route, told.status, told.msg])
          assert.doesNotMatch(log, /4111|Cheese/)
        },
      },
    })
  },

  'upgrading.md': async (t) => {
    const guide = await Guide.open(t)
    await guide.runOnly('guides/production.md', 'directory')
    await guide.saveOnly('guides/production.md', '/etc/rollcall/env')
    await guide.follow('guides/upgrading.md', {
      after: { version: () => guide.stop('start') },
      checks: {
        install: assertScriptsExist,
        replace: (code) => assert.match(code, /^(sudo mv \/opt\/rollcall\S* \/opt\/rollcall\S*\n){2}$/),
        refusal: assertNewerFormatRefused,
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

/** A server starts with this directory file, and these keys of the configuration besides. */
async function assertStarts(
  t: TestContext,
  { home }: Guide,
  directory: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const file = join(home, 'checked-directory.json')
  writeFileSync(file, directory, { mode: 0o600 })
  const data = await makeDataDir()
  t.after(() => data.remove())
  const server = await startProcess(data.path, { ...env, DIRECTORY_FILE: file })
  await server.kill()
}
