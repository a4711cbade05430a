import assert from 'node:assert/strict'
import type { FeedEntry, WebhookLease } from '../store.ts'
import type { Cases, Scene } from './scene.ts'

const HOOK = { organizationId: 'acme', webhookId: 'hook' }
const OTHER = { organizationId: '__proto__', webhookId: 'hook' }
const FOR_MS = 1_000

/** Two webhooks are watched, and `count` entries wait for `HOOK`. */
async function setUp(scene: Scene, count = 2): Promise<readonly FeedEntry[]> {
  const types = new Set(['UserEndpointRegisteredEvent'] as const)
  await scene.store.feed.watch(
    [HOOK, OTHER].map(({ organizationId, webhookId }) => ({
      organizationId,
      types,
      webhookIds: [webhookId],
    })),
  )
  for (let index = 0; index < count; index++) await scene.register({ userEndpointId: String(index) })
  return scene.store.feed.read(HOOK.organizationId, 0, 100)
}

function lease(scene: Scene, held?: WebhookLease): Promise<WebhookLease | undefined> {
  return scene.store.webhooks.lease(HOOK, FOR_MS, held)
}

/** Whatever is tried with a lease that does not hold is refused, and nothing of it happens. */
async function assertRefused(
  { store }: Scene,
  held: WebhookLease,
  [entry]: readonly FeedEntry[],
): Promise<void> {
  assert(entry !== undefined)
  const before = await store.webhooks.position(HOOK)
  assert.equal(await store.webhooks.begin(held, entry.sequence), undefined)
  assert.equal(await store.webhooks.advance(held, entry.sequence), false)
  assert.equal(await store.webhooks.bury(held, [{ entry, failure: 'x' }], entry.sequence), false)
  assert.deepEqual(await store.webhooks.position(HOOK), before)
  assert.deepEqual(await store.deadLetters.sequences(HOOK), [])
  assert.deepEqual(await store.feed.read(HOOK.organizationId, entry.sequence - 1, 1), [entry])
}

/** Contract of leases: of several workers for one webhook one works. */
export const leaseCases: Cases = {
  'one at a time has the lease of a webhook, and of each webhook one': async (scene) => {
    await setUp(scene)
    const own = await lease(scene)
    assert.deepEqual(own?.webhook, HOOK)
    assert.equal(await lease(scene), undefined)
    assert.equal(await lease(scene, { webhook: HOOK, epoch: -1 }), undefined)
    await scene.takeLease(OTHER)
    assert.equal(await scene.store.webhooks.lease({ ...HOOK, webhookId: 'unknown' }, FOR_MS), undefined)
  },

  'a lease goes on for whoever holds it, under its epoch, and lapses without': async (scene) => {
    await setUp(scene)
    const own = await lease(scene)
    assert(own !== undefined)
    await scene.under.advance(FOR_MS - 1)
    assert.deepEqual(await lease(scene, own), own)
    await scene.under.advance(FOR_MS - 1)
    assert.equal(await lease(scene), undefined)
    await scene.under.advance(1)
    const next = await lease(scene)
    assert(next !== undefined && next.epoch > own.epoch)
    assert.equal(await lease(scene, own), undefined)
  },

  'a lease that was given back is free; one of another is not given back by it': async (scene) => {
    await setUp(scene)
    const { webhooks } = scene.store
    const own = await scene.takeLease(HOOK)
    await webhooks.release(own)
    const next = await scene.takeLease(HOOK)
    assert.ok(next.epoch > own.epoch)
    await webhooks.release(own)
    assert.equal(await lease(scene), undefined)
  },

  'what is done with a lease that another has taken is refused, and changes nothing': async (scene) => {
    const entries = await setUp(scene)
    const own = await lease(scene)
    assert(own !== undefined)
    await scene.under.advance(FOR_MS)
    const next = await lease(scene)
    assert(next !== undefined)
    await assertRefused(scene, own, entries)
    assert.equal(await scene.store.webhooks.advance(next, entries[0]?.sequence ?? 0), true)
  },

  'what is done with a lease that has lapsed is refused, though nobody has taken it': async (scene) => {
    const entries = await setUp(scene)
    const own = await lease(scene)
    assert(own !== undefined)
    await scene.under.advance(FOR_MS)
    await assertRefused(scene, own, entries)
    const again = await lease(scene, own)
    assert.ok(again !== undefined && again.epoch > own.epoch)
  },

  'what is done with the lease of another webhook, or after it was given back, is refused': async (scene) => {
    const entries = await setUp(scene)
    const other = await scene.takeLease(OTHER)
    const own = await scene.takeLease(HOOK)
    await assertRefused(scene, { ...other, webhook: HOOK }, entries)
    await scene.store.webhooks.release(own)
    await assertRefused(scene, own, entries)
  },
}

export const leaseRestartCases: Cases = {
  'after a crash the lease is free once its time is over': async (scene) => {
    await setUp(scene)
    await lease(scene)
    await scene.under.crash(0)
    await scene.under.advance(FOR_MS)
    await scene.takeLease(HOOK)
  },
}
