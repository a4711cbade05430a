import assert from 'node:assert/strict'
import type { EntryPosition, Outcome } from '../store.ts'
import { ACME, fate, plain, send } from './history-scene.ts'
import type { Cases } from './scene.ts'

export const historyOutcomeCases: Cases = {
  'a record of an appended event has an endpoint for each, queued or discarded': async (scene) => {
    await scene.register()
    await scene.append('x')
    await scene.register({ userEndpointId: 'tab' })
    const { accepted, full } = await send(scene, 'e', 1)
    assert.deepEqual([accepted.length, full.length], [1, 1])
    assert.equal(await fate(scene, 'e'), 'tab: queued 0; phone: discarded 0')
    await send(scene, 'refused', 1)
    assert.equal(await scene.store.history.find('refused', ACME), undefined, 'nobody took it')
  },

  'an appended event that finds nobody has a record without endpoints': async (scene) => {
    await send(scene, 'e')
    assert.deepEqual(plain(await scene.store.history.find('e', ACME)).endpoints, [])
  },

  'outcomes are noted once each, until a final one': async (scene) => {
    await scene.register()
    await scene.register({ userEndpointId: 'tab' })
    const { accepted } = await send(scene, 'e')
    const [phone, tab] = accepted
    assert(phone !== undefined && tab !== undefined)
    const note = async (entry: EntryPosition, outcome: Outcome) => {
      await scene.under.advance(1)
      scene.store.history.note(entry, outcome)
    }
    await note(phone, 'queued')
    await note(phone, 'sent')
    assert.equal(await fate(scene, 'e'), 'phone: queued 0, sent 2; tab: queued 0')
    await note(phone, 'sent')
    await note(phone, 'acknowledged')
    await note(phone, 'discarded')
    await note(tab, 'expired')
    await note(tab, 'acknowledged')
    await note({ ...tab, sequence: tab.sequence + 1000 }, 'acknowledged')
    assert.equal(await fate(scene, 'e'), 'phone: queued 0, sent 2, acknowledged 4; tab: queued 0, expired 6')
  },

  'what waits when a registration ends is discarded, with the time of its end': async (scene) => {
    const phone = await scene.register()
    await scene.register({ userEndpointId: 'tab' })
    const { accepted } = await send(scene, 'e')
    await scene.acknowledge(phone, accepted[0]?.sequence ?? 0)
    await scene.under.advance(100)
    await send(scene, 'f')
    await scene.under.advance(200)
    await scene.unregister()
    assert.equal(await fate(scene, 'e'), 'phone: queued 0, acknowledged 0; tab: queued 0')
    assert.equal(await fate(scene, 'f'), 'phone: queued 0, discarded 200; tab: queued 0')
    await scene.under.advance(10_000)
    await scene.sweep()
    assert.equal(await fate(scene, 'e'), 'phone: queued 0, acknowledged 0; tab: queued 0, discarded 10300')
  },

  'one that was registered anew before it was swept has its own events discarded': async (scene) => {
    await scene.register()
    await send(scene, 'old')
    await scene.under.advance(10_500)
    await scene.register()
    await send(scene, 'new')
    assert.equal(await fate(scene, 'old'), 'phone: queued 0')
    await scene.sweep()
    assert.equal(await fate(scene, 'old'), 'phone: queued 0, discarded 10500')
    assert.equal(await fate(scene, 'new'), 'phone: queued 0')
  },
}
