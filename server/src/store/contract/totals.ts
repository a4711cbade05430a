import assert from 'node:assert/strict'
import { type Cases, ENDPOINT, keyOf, lasting, type Scene } from './scene.ts'

const GLOBEX = { ...ENDPOINT, organizationId: 'globex' }
const NOTHING = { registrations: 0, mailboxEvents: 0, mailboxBytes: 0 }

/** Two endpoints of acme with three entries, one of globex with one. */
async function fill(scene: Scene) {
  const phone = await scene.register({ keepAliveSeconds: 60 })
  const tab = await scene.register({ userEndpointId: 'tab', keepAliveSeconds: 60 })
  const other = await scene.register({ ...GLOBEX, keepAliveSeconds: 60 })
  for (const { userEndpointId } of [phone, tab]) await scene.append('both', { userEndpointId })
  const { accepted } = await scene.append('phone', { userEndpointId: 'phone' })
  await scene.append('other', GLOBEX)
  return { phone, tab, other, sequence: accepted[0]?.sequence ?? 0 }
}

async function assertFilled({ store }: Scene): Promise<void> {
  assert.deepEqual(await store.totals('acme'), { registrations: 2, mailboxEvents: 3, mailboxBytes: 13 })
  assert.deepEqual(await store.totals('globex'), { registrations: 1, mailboxEvents: 1, mailboxBytes: 5 })
  assert.deepEqual(await store.totals(), { registrations: 3, mailboxEvents: 4, mailboxBytes: 18 })
}

export const totalsCases: Cases = {
  'each organization has its own, and all together are the sum': async (scene) => {
    for (const organizationId of ['acme', '__proto__', '', undefined])
      assert.deepEqual(await scene.store.totals(organizationId), NOTHING)
    await fill(scene)
    await assertFilled(scene)
    assert.deepEqual(await scene.store.totals('__proto__'), NOTHING)
    await scene.register({ keepAliveSeconds: 60 })
    await assertFilled(scene)
  },

  'what mailboxes take on disk is known of each organization, and nothing is left of it in the end': async (
    scene,
  ) => {
    const { phone, tab, other, sequence } = await fill(scene)
    const { gauges } = scene.store
    const [acme, globex] = [gauges.mailboxDiskBytes('acme'), gauges.mailboxDiskBytes('globex')]
    assert.ok(acme > 13 && globex > 5, `${acme} and ${globex} bytes`)
    assert.equal(gauges.mailboxDiskBytes(), acme + globex)
    assert.equal(gauges.mailboxDiskBytes('__proto__'), 0)
    const large = 'large '.repeat(2_000)
    await scene.appendToAll(large)
    assert.ok(gauges.mailboxDiskBytes('acme') >= acme + large.length)
    assert.equal(gauges.mailboxDiskBytes('globex'), globex)
    await scene.discard(phone, sequence)
    for (const registration of [phone, tab, other]) await scene.unregister(registration)
    assert.deepEqual([gauges.mailboxDiskBytes(), gauges.mailboxDiskBytes('acme')], [0, 0])
  },

  'what was handed out stays as it was': async (scene) => {
    await fill(scene)
    const [own, all] = [await scene.store.totals('acme'), await scene.store.totals()]
    await scene.unregister()
    assert.deepEqual([own.registrations, all.registrations], [2, 3])
  },

  'an entry that leaves, and a registration that ends, are not counted any more': async (scene) => {
    const { phone, sequence } = await fill(scene)
    await scene.discard(phone, sequence)
    assert.deepEqual(await scene.store.totals('acme'), {
      registrations: 2,
      mailboxEvents: 2,
      mailboxBytes: 8,
    })
    await scene.unregister()
    assert.deepEqual(await scene.store.totals('acme'), {
      registrations: 1,
      mailboxEvents: 1,
      mailboxBytes: 4,
    })
    await scene.unregister(GLOBEX)
    assert.deepEqual(await scene.store.totals('globex'), NOTHING)
    assert.deepEqual(await scene.store.totals(), await scene.store.totals('acme'))
  },

  'an expired one is counted until it was swept, also where it was registered anew': async (scene) => {
    const old = await scene.register()
    await scene.append('old')
    await scene.under.advance(10_500)
    const young = await scene.register()
    assert.deepEqual(await scene.store.totals('acme'), {
      registrations: 2,
      mailboxEvents: 1,
      mailboxBytes: 3,
    })
    await scene.unregister(young)
    assert.deepEqual(await scene.store.totals('acme'), {
      registrations: 1,
      mailboxEvents: 1,
      mailboxBytes: 3,
    })
    assert.deepEqual((await scene.sweep()).expired.map(lasting), [lasting(old)])
    assert.deepEqual(await scene.store.totals('acme'), NOTHING)
    assert.deepEqual(await scene.store.totals(), NOTHING)
  },

  'it is told how much a registration leaves that ends, once, and of nothing when it leaves nothing': async (
    scene,
  ) => {
    const { phone, tab, other, sequence } = await fill(scene)
    await scene.discard(phone, sequence)
    assert.deepEqual(scene.under.ended, [])
    await scene.unregister()
    assert.deepEqual(scene.under.ended, [['acme', 1]])
    await scene.append('second', GLOBEX)
    await scene.under.advance(60_000)
    const { expired } = await scene.sweep()
    assert.deepEqual(expired.map(keyOf), [tab, other].map(keyOf))
    assert.deepEqual(scene.under.ended.toSorted(), [
      ['acme', 1],
      ['acme', 1],
      ['globex', 2],
    ])
    await scene.register()
    await scene.unregister()
    assert.equal(scene.under.ended.length, 3)
  },
}

export const totalsRestartCases: Cases = {
  'what mailboxes take on disk is the same after a restart': async (scene) => {
    const { phone } = await fill(scene)
    const large = await scene.appendToAll('large '.repeat(2_000))
    await scene.appendToAll('other '.repeat(2_000))
    const bytes = () =>
      ['acme', 'globex', undefined].map((organizationId) =>
        scene.store.gauges.mailboxDiskBytes(organizationId),
      )
    const before = bytes()
    for (const again of ['crash', 'reopen'] as const) {
      await scene.under[again](10)
      assert.deepEqual(bytes(), before)
    }
    await scene.discard(phone, large.accepted[0]?.sequence ?? 0)
    const after = bytes()
    await scene.under.reopen(10)
    assert.deepEqual(bytes(), after)
  },

  'they are there right after a restart, and after a crash': async (scene) => {
    const { phone, sequence } = await fill(scene)
    await scene.under.reopen(1000)
    await assertFilled(scene)
    await scene.under.crash(1000)
    await assertFilled(scene)
    await scene.discard(phone, sequence)
    assert.deepEqual(await scene.store.totals('acme'), {
      registrations: 2,
      mailboxEvents: 2,
      mailboxBytes: 8,
    })
    assert.deepEqual(scene.under.ended, [])
    for (const endpoint of [ENDPOINT, { ...ENDPOINT, userEndpointId: 'tab' }, GLOBEX])
      await scene.unregister(endpoint)
    for (const organizationId of ['acme', 'globex', undefined])
      assert.deepEqual(await scene.store.totals(organizationId), NOTHING)
  },
}
