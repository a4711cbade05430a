import assert from 'node:assert/strict'
import { ACME, add, DAY_MS, fate, names, paged, send } from './history-scene.ts'
import type { Cases, Scene } from './scene.ts'

async function fill(scene: Scene): Promise<void> {
  await scene.register({ keepAliveSeconds: 60 })
  const { accepted } = await send(scene, 'q1')
  const [first] = accepted
  assert(first !== undefined)
  await scene.under.advance(5)
  scene.store.history.note(first, 'sent')
  add(scene, 'q0')
  for (let index = 0; index < 1500; index++)
    add(scene, `many ${index}`, { userId: 'bob', sentBy: { kind: 'client', id: 'backend' } })
  add(scene, 'by service', { userId: 'carol', senderId: '', sentBy: { kind: 'service', id: 'öperator' } })
  await scene.under.advance(1000)
}

async function assertFilled(scene: Scene): Promise<void> {
  assert.equal(await names(scene, { ...ACME, userId: 'alice' }), 'q0 q1')
  assert.equal(await fate(scene, 'q1'), 'phone: queued 0, sent 5')
  const many = await paged(scene, { ...ACME, userId: 'bob' }, 100)
  assert.equal(many.length, 1500)
  assert.deepEqual([many[0]?.eventId, many[1499]?.eventId], ['many 1499', 'many 0'])
  const senders = new Set(many.map(({ sentBy }) => `${sentBy?.kind} ${sentBy?.id}`))
  assert.deepEqual([...senders], ['client backend'])
  const byService = await scene.store.history.find('by service', ACME)
  assert.deepEqual(byService?.sentBy, { kind: 'service', id: 'öperator' })
  assert.equal((await scene.store.history.find('q1', ACME))?.sentBy, undefined)
}

export const historyRestartCases: Cases = {
  'the history is there after a restart, and goes on': async (scene) => {
    await fill(scene)
    await scene.under.reopen(1000)
    await assertFilled(scene)
    await scene.under.reopen(0)
    const { accepted } = await send(scene, 'next')
    const [next] = accepted
    assert(next !== undefined)
    scene.store.history.note(next, 'acknowledged')
    await assert.rejects(assertFilled(scene))
    assert.equal(await names(scene, { ...ACME, userId: 'alice' }), 'next q0 q1')
    await scene.under.reopen(0)
    assert.equal(await fate(scene, 'next'), 'phone: queued 0, acknowledged 0')
  },

  'the history is there after a crash: what was appended at once, the rest after a second': async (scene) => {
    await fill(scene)
    await scene.under.crash(1000)
    await assertFilled(scene)
    await send(scene, 'answered')
    await scene.under.crash(0)
    assert.equal(await fate(scene, 'answered'), 'phone: queued 0')
    await assertFilledBefore(scene, 'answered')
    await send(scene, 'to nobody', 1000, 'dave')
    await scene.under.crash(0)
    assert.equal(await fate(scene, 'to nobody'), '')
  },

  'what was dropped stays dropped, and the rest stays': async (scene) => {
    await fill(scene)
    await scene.under.stall(7 * DAY_MS)
    await scene.under.advance(3000)
    add(scene, 'young')
    await scene.under.advance(1000)
    await scene.under.crash(0)
    scene.under.jumpWall(-7 * DAY_MS)
    assert.equal(await names(scene, ACME), 'young', 'gone, not only out of sight')
  },
}

async function assertFilledBefore(scene: Scene, newest: string): Promise<void> {
  assert.equal(await names(scene, { ...ACME, userId: 'alice' }), `${newest} q0 q1`)
}
