import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Organization, Webhook } from '../../server/src/auth/auth.ts'
import { createLog } from '../../server/src/observe/observe.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import { createWebhooks } from '../../server/src/webhooks/webhooks.ts'
import { ask } from '../helpers/ask.ts'
import { createFakeClock, seededRandom } from '../helpers/fake-clock.ts'
import { openHttp } from '../helpers/http-fixture.ts'

const URL_WITH_TOKEN = 'https://hooks.example/rollcall?token=s3cr3t&x=1'

const WEBHOOK: Webhook = {
  id: 'h',
  url: URL_WITH_TOKEN,
  secrets: [Buffer.alloc(24, 7)],
  events: new Set(['UserEndpointRegisteredEvent']),
  enabled: true,
}

test("a webhook is sent to its whole URL, and nobody is shown the query's token", async (t) => {
  const clock = createFakeClock()
  const store = createMemoryStore({ clock })
  const lines: string[] = []
  const posts: string[] = []
  const organization: Organization = {
    id: 'acme',
    name: 'Acme',
    webhooks: [WEBHOOK],
    send: [],
    senderId: false,
  }
  const webhooks = createWebhooks({
    store,
    clock,
    auth: { organizations: () => new Map([['acme', organization]]), onDirectoryReloaded: () => undefined },
    random: seededRandom(1),
    log: createLog('trace', { write: (line) => void lines.push(line) }),
    metrics: { webhookAttempt: () => undefined, webhookEvents: () => undefined },
    settings: { webhookRetryHours: 1, webhookPrivateAddresses: [] },
    openReceiver: () => ({
      async post(url) {
        posts.push(url)
        return 'timeout'
      },
      close: () => undefined,
    }),
  })
  t.after(() => webhooks.close())
  const endpoint = { organizationId: 'acme', userId: 'alice', userEndpointId: 'e' }
  const wanted = { keepAliveSeconds: 600, serverKeepAliveReminderOn: false, authorizedUntilWallMs: 0 }
  await store.registrations.register({ ...endpoint, ...wanted }, 10)
  await clock.advance(2 * 3_600_000)
  assert.equal(posts[0], URL_WITH_TOKEN)
  assert.equal((await webhooks.list('acme'))[0]?.deadLetters, 1)

  const { listen } = await openHttp(t, { webhooks })
  const shown = await ask(await listen(), 'GET /rtc-api/webhooks', {
    headers: { authorization: 'Bearer backend' },
  })
  assert.equal(JSON.parse(shown.text).webhooks[0].url, 'https://hooks.example/rollcall')
  assert.ok(lines.length > 0)
  for (const text of [shown.text, ...lines]) assert.ok(!text.includes('s3cr3t'), text)
})
