import assert from 'node:assert/strict'
import type { Addressee } from '../store.ts'
import { linkOf } from './entries.ts'
import { type Cases, ENDPOINT, type Scene } from './scene.ts'

const ALICE = { organizationId: 'acme', userId: 'alice' }
const BOB = { organizationId: 'acme', userId: 'bob' }

/** Who is seen, by user and endpoint. */
async function names(scene: Scene, addressees: readonly Addressee[]): Promise<readonly string[]> {
  const sightings = await scene.store.registrations.look(addressees, {})
  return sightings.map(({ registration }) => `${registration.userId} ${registration.userEndpointId}`)
}

/** What waits for each of Alice's endpoints, and the number of its link. */
async function alices(scene: Scene) {
  const sightings = await scene.store.registrations.look([ALICE], { depth: true, link: true })
  return sightings.map(({ registration, depth, link }) => [registration.userEndpointId, depth, link?.linkId])
}

export const lookCases: Cases = {
  'whoever looks sees the live ones, in the order asked, all of a user or the one that is named': async (
    scene,
  ) => {
    assert.deepEqual(await names(scene, []), [])
    assert.deepEqual(await names(scene, [ALICE, ENDPOINT]), [])
    for (const userEndpointId of ['tab', 'phone']) await scene.register({ ...ALICE, userEndpointId })
    await scene.register({ ...BOB, userEndpointId: 'phone', keepAliveSeconds: 20 })
    await scene.register({ organizationId: 'globex', userEndpointId: 'desk' })
    assert.deepEqual(await names(scene, [BOB, ALICE]), ['bob phone', 'alice tab', 'alice phone'])
    const named = { ...ALICE, userEndpointId: 'phone' }
    const nobody = { ...BOB, userEndpointId: 'tab' }
    assert.deepEqual(await names(scene, [named, nobody, BOB]), ['alice phone', 'bob phone'])
    await scene.under.advance(10_000)
    assert.deepEqual(await names(scene, [ALICE, named, BOB]), ['bob phone'], 'swept or not')
  },

  'whoever looks sees what waits, and which link holds it': async (scene) => {
    const { links, registrations } = scene.store
    const phone = await scene.register()
    await scene.register({ userEndpointId: 'tab' })
    await scene.append('for the phone')
    await scene.appendToAll('for both')
    assert.deepEqual(await alices(scene), [
      ['phone', 2, undefined],
      ['tab', 1, undefined],
    ])
    await scene.discard(phone, (await scene.read(phone))[0]?.sequence ?? 0)
    await links.attach(phone, linkOf(1))
    await links.attach(phone, linkOf(2))
    await links.detach(phone, linkOf(1), 'connection_lost')
    assert.deepEqual((await alices(scene))[0], ['phone', 1, 2])
    const [seen] = await registrations.look([ENDPOINT], { link: true })
    assert.deepEqual(seen?.link?.peer, linkOf(2).peer)
    await links.detach(phone, linkOf(2), 'unsubscribed')
    assert.deepEqual((await alices(scene))[0], ['phone', 1, undefined])
    await links.attach(phone, linkOf(3))
    await scene.unregister()
    await scene.register()
    assert.deepEqual((await alices(scene))[1], ['phone', 0, undefined], 'it is another one now')
  },
}

export const lookRestartCases: Cases = {
  'what waits is seen again after a crash, and no link is': async (scene) => {
    await scene.store.links.attach(await scene.register({ keepAliveSeconds: 60 }), linkOf(1))
    await scene.append('waits')
    await scene.under.crash(10)
    assert.deepEqual(await alices(scene), [['phone', 1, undefined]])
  },
}
