import assert from 'node:assert/strict'
import type { Cases, Scene } from './scene.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000

function row(scene: Scene, organizationId: string | null, text: string, startWallMs = scene.under.wallMs()) {
  return { organizationId, startWallMs, points: Buffer.from(text) }
}

async function texts(scene: Scene, organizationId: string | null, fromWallMs = 0) {
  const rows = await scene.store.charts.list(organizationId, fromWallMs)
  for (const one of rows) assert.equal(one.organizationId, organizationId)
  return rows.map(({ points }) => Buffer.from(points).toString()).join(' ')
}

export const chartCases: Cases = {
  'each organization has its own rows, and so have all together': async (scene) => {
    const { charts } = scene.store
    await charts.put([row(scene, null, 'all'), row(scene, 'acme', 'a'), row(scene, '', 'nobody')])
    await charts.put([row(scene, 'globex', 'g')])
    assert.deepEqual(
      [await texts(scene, null), await texts(scene, 'acme'), await texts(scene, 'globex')],
      ['all', 'a', 'g'],
    )
    assert.equal(await texts(scene, '__proto__'), '')
    assert.equal(await texts(scene, ''), 'nobody')
  },

  'a row takes the place of one that begins with it, and rows come oldest first': async (scene) => {
    const { charts } = scene.store
    const nowMs = scene.under.wallMs()
    await charts.put([row(scene, 'acme', 'second', nowMs + MINUTE_MS)])
    await charts.put([row(scene, 'acme', 'first', nowMs)])
    await charts.put([row(scene, 'acme', 'second and more', nowMs + MINUTE_MS)])
    assert.equal(await texts(scene, 'acme'), 'first second and more')
    assert.equal(await texts(scene, 'acme', nowMs + 1), 'second and more')
    assert.equal(await texts(scene, 'acme', nowMs + MINUTE_MS), 'second and more')
  },

  'what is older than a day and an hour is not seen': async (scene) => {
    await scene.store.charts.put([row(scene, 'acme', 'old')])
    await scene.under.stall(25 * HOUR_MS - 1)
    assert.equal(await texts(scene, 'acme'), 'old')
    await scene.store.charts.put([row(scene, 'acme', 'new')])
    await scene.under.advance(1)
    assert.equal(await texts(scene, 'acme'), 'new')
  },
}

export const chartRestartCases: Cases = {
  'rows are remembered, and may be written on': async (scene) => {
    const { charts } = scene.store
    const startWallMs = scene.under.wallMs()
    await charts.put([row(scene, null, 'all'), row(scene, 'acme', 'a')])
    await scene.under.reopen(MINUTE_MS)
    assert.deepEqual([await texts(scene, null), await texts(scene, 'acme')], ['all', 'a'])
    await scene.store.charts.put([row(scene, 'acme', 'a b', startWallMs), row(scene, 'acme', 'c')])
    await scene.under.advance(1000)
    await scene.under.crash(0)
    assert.equal(await texts(scene, 'acme'), 'a b c')
  },

  'what is too old is gone': async (scene) => {
    await scene.store.charts.put([row(scene, 'acme', 'old')])
    await scene.under.reopen(0)
    await scene.under.stall(26 * HOUR_MS)
    await scene.under.reopen(0)
    assert.equal(await texts(scene, 'acme'), '')
  },
}
