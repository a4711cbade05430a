import assert from 'node:assert/strict'
import { HISTORY_BOUNDS, type HistoryBounds } from '../bounds.ts'
import type { HistoryQuery } from '../store.ts'
import { ACME, add, DAY_MS, fate, names, paged, plain, send } from './history-scene.ts'
import type { Cases, Scene } from './scene.ts'

/** What the suite's stores keep: little, so that it can be filled. */
export const SMALL_HISTORY: HistoryBounds = { ...HISTORY_BOUNDS, bytesMax: 2 * 1024 * 1024 }

const GLOBEX: HistoryQuery = { organizationId: 'globex' }
const LARGE = Buffer.alloc(20_000, 'x')
/** More than three times what there is room for. */
const FLOOD = 350

/** Events into globex, with one into acme among every `between`; returns those of acme, newest first. */
async function flood(scene: Scene, prefix: string, between: number): Promise<readonly string[]> {
  const few: string[] = []
  for (let index = 0; index < FLOOD; index++) {
    add(scene, `${prefix} ${index}`, { organizationId: 'globex', event: LARGE })
    if (index % between === 0) {
      few.unshift(`few ${prefix} ${index}`)
      add(scene, `few ${prefix} ${index}`)
    }
    if (index % 20 === 19) await scene.under.advance(100)
  }
  await scene.under.advance(2000)
  return few
}

async function idsOf(scene: Scene, query: HistoryQuery): Promise<readonly string[]> {
  return (await paged(scene, query, 50)).map(({ eventId }) => eventId)
}

async function assertNewestOfFlood(scene: Scene, prefix: string): Promise<void> {
  const kept = await idsOf(scene, GLOBEX)
  const newest = Array.from({ length: kept.length }, (_, index) => `${prefix} ${FLOOD - 1 - index}`)
  assert.deepEqual(kept, newest, 'the oldest went first, and nothing between')
  assert.ok(kept.length > 35 && kept.length < 105, `${kept.length} are kept`)
}

async function assertWithinBound({ store }: Scene): Promise<void> {
  const bytes = await store.history.bytes()
  assert.ok(bytes <= SMALL_HISTORY.bytesMax, `${bytes} bytes`)
  const [acme, globex] = [await store.history.bytes('acme'), await store.history.bytes('globex')]
  assert.ok(globex <= bytes)
  assert.ok(acme > 0 && acme < 100_000)
  assert.equal(await store.history.bytes('initech'), 0)
}

export const historySharingCases: Cases = {
  'past the bound the oldest of the organization go that has the most, and nobody else loses any': async (
    scene,
  ) => {
    add(scene, 'first')
    const few = await flood(scene, 'many', 7)
    assert.deepEqual(await idsOf(scene, ACME), [...few, 'first'])
    await assertNewestOfFlood(scene, 'many')
    await assertWithinBound(scene)
    assert.ok(scene.store.gauges.evicted().historyBytes > 4_500_000)
    assert.equal(await scene.store.history.find('many 0', GLOBEX), undefined)
    assert.equal((await scene.store.history.find('first', ACME))?.eventId, 'first')
    const everything = await idsOf(scene, {})
    assert.equal(everything.length, few.length + 1 + (await idsOf(scene, GLOBEX)).length)
  },

  'what is left of others is whole: outcomes, noted before and after, parts and answers': async (scene) => {
    await scene.register()
    const acceptedAtWallMs = scene.under.wallMs()
    const { accepted } = await send(scene, 'sent')
    const { accepted: open } = await send(scene, 'open')
    const [[sent], [waiting]] = [accepted, open]
    assert(sent !== undefined && waiting !== undefined)
    await scene.under.advance(5)
    scene.store.history.note(sent, 'sent')
    await scene.under.advance(1)
    scene.store.history.note(sent, 'acknowledged')
    const before = plain(await scene.store.history.find('sent', ACME))
    await flood(scene, 'many', 50)
    assert.deepEqual(plain(await scene.store.history.find('sent', ACME)), before)
    assert.equal(await fate(scene, 'sent'), 'phone: queued 0, sent 5, acknowledged 6')
    scene.store.history.note(sent, 'discarded')
    const laterMs = scene.under.wallMs() - acceptedAtWallMs
    scene.store.history.note(waiting, 'acknowledged')
    await scene.under.advance(500)
    assert.equal(await fate(scene, 'sent'), 'phone: queued 0, sent 5, acknowledged 6')
    assert.equal(await fate(scene, 'open'), `phone: queued 0, acknowledged ${laterMs}`)
  },

  'alone, an organization may have it all': async (scene) => {
    for (let index = 0; index < FLOOD; index++) {
      add(scene, `e${index}`, { event: LARGE })
      if (index % 20 === 19) await scene.under.advance(100)
    }
    await scene.under.advance(2000)
    const bytes = await scene.store.history.bytes()
    assert.ok(bytes <= SMALL_HISTORY.bytesMax && bytes > 0.9 * SMALL_HISTORY.bytesMax, `${bytes} bytes`)
  },

  'two that send without end have about as much each': async (scene) => {
    for (let index = 0; index < FLOOD; index++) {
      add(scene, `a${index}`, { event: LARGE })
      add(scene, `g${index}`, { organizationId: 'globex', event: LARGE.subarray(0, 10_000) })
      if (index % 20 === 19) await scene.under.advance(100)
    }
    await scene.under.advance(2000)
    const [acme, globex] = [
      await scene.store.history.bytes('acme'),
      await scene.store.history.bytes('globex'),
    ]
    assert.ok(Math.abs(acme - globex) < 250_000, `${acme} and ${globex}`)
    assert.ok(acme + globex > 0.5 * SMALL_HISTORY.bytesMax)
  },

  'age ends what is kept of everybody, also where parts of it went before': async (scene) => {
    await flood(scene, 'many', 7)
    await scene.under.stall(7 * DAY_MS)
    await scene.under.advance(5000)
    add(scene, 'young')
    await scene.under.advance(1000)
    assert.equal(await names(scene, {}), 'young')
    assert.ok((await scene.store.history.bytes()) < 2000, `${await scene.store.history.bytes()} bytes`)
    assert.equal(await scene.store.history.bytes('globex'), 0)
  },
}

export const historySharingRestartCases: Cases = {
  'whose the history is, and what went of it, is known after a crash, and goes on': async (scene) => {
    const few = [...(await flood(scene, 'many', 7))]
    const bytes = await scene.store.history.bytes('globex')
    for (const restart of ['crash', 'reopen'] as const) {
      await scene.under[restart](0)
      assert.deepEqual(await idsOf(scene, ACME), few, restart)
      await assertNewestOfFlood(scene, 'many')
      assert.equal(await scene.store.history.bytes('globex'), bytes)
      await assertWithinBound(scene)
    }
    few.unshift(...(await flood(scene, 'more', 7)))
    assert.deepEqual(await idsOf(scene, ACME), few)
    await assertNewestOfFlood(scene, 'more')
    await assertWithinBound(scene)
  },
}
