import assert from 'node:assert/strict'
import type { Cases, Scene } from './scene.ts'
import { SMALL_BOOKS } from './sharing.ts'

const DAY_MS = 86_400_000

async function add(scene: Scene, organizationId: string, ...texts: readonly string[]): Promise<void> {
  const atWallMs = scene.under.wallMs()
  await scene.store.audit.add(texts.map((text) => ({ atWallMs, organizationId, text })))
}

async function read(scene: Scene, organizationId?: string, before?: number, max = 100) {
  return (await scene.store.audit.read(organizationId, before, max)).map(({ text }) => text)
}

/** Contract of the audit log: lines at the end, which go by age and number only. */
export const auditCases: Cases = {
  'lines are read as they were written, newest first, of one organization or of all': async (scene) => {
    await add(scene, 'acme', '{"é":1}')
    const atWallMs = scene.under.wallMs()
    await scene.under.advance(10)
    await add(scene, '__proto__', 'two')
    await add(scene, '', '', 'four')
    assert.deepEqual(await read(scene), ['four', '', 'two', '{"é":1}'])
    assert.deepEqual(await read(scene, 'acme'), ['{"é":1}'])
    assert.deepEqual(await read(scene, ''), ['four', ''])
    assert.deepEqual(await read(scene, 'globex'), [])
    const [line] = await scene.store.audit.read('acme', undefined, 1)
    assert.deepEqual(line, { sequence: line?.sequence, atWallMs, organizationId: 'acme', text: '{"é":1}' })
  },

  'a page goes on where the one before ended, whatever came meanwhile': async (scene) => {
    await add(scene, 'acme', '1', '2', '3')
    await add(scene, 'globex', '4')
    await add(scene, 'acme', '5')
    const first = await scene.store.audit.read('acme', undefined, 2)
    assert.deepEqual(
      first.map(({ text }) => text),
      ['5', '3'],
    )
    await add(scene, 'acme', '6')
    assert.deepEqual(await read(scene, 'acme', first.at(-1)?.sequence), ['2', '1'])
    assert.deepEqual(await read(scene, undefined, first[0]?.sequence, 2), ['4', '3'])
    assert.deepEqual(await read(scene, 'acme', 0), [])
    assert.deepEqual(await read(scene, 'acme', undefined, 0), [])
  },

  'past the bound the oldest go of the organization that has the most, and nobody else’s': async (scene) => {
    await add(scene, 'globex', 'few')
    const many = Array.from({ length: 3 * SMALL_BOOKS.auditLinesMax }, (_, index) => `m${index}`)
    for (const text of many) await add(scene, 'acme', text)
    const kept = many.slice(-(SMALL_BOOKS.auditLinesMax - 1)).reverse()
    assert.deepEqual(await read(scene), [...kept, 'few'])
  },

  'what is too old is not read any more': async (scene) => {
    await add(scene, 'acme', 'old')
    await scene.under.stall(DAY_MS - 1)
    await add(scene, 'acme', 'new')
    assert.deepEqual(await read(scene), ['new', 'old'])
    await scene.under.advance(2)
    assert.deepEqual(await read(scene), ['new'])
    assert.deepEqual(await read(scene, 'acme'), ['new'])
  },
}

export const auditRestartCases: Cases = {
  'lines are there again, and newer ones come after them': async (scene) => {
    await add(scene, 'acme', '1', '2')
    await add(scene, 'globex', '3')
    await scene.under.advance(1000)
    await scene.under.crash(1000)
    await add(scene, 'acme', '4')
    await scene.under.reopen(1000)
    const all = await scene.store.audit.read(undefined, undefined, 100)
    assert.deepEqual(
      all.map(({ text }) => text),
      ['4', '3', '2', '1'],
    )
    assert.equal(new Set(all.map(({ sequence }) => sequence)).size, 4)
    assert.deepEqual(await read(scene, 'acme'), ['4', '2', '1'])
  },
}
