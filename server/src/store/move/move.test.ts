import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { CLAIM, readAll, WATCHES } from '../../../../test/helpers/filled-store.ts'
import { assertMoved, Mover } from '../../../../test/helpers/moved-store.ts'
import { NO_REDIS, RedisServer } from '../../../../test/helpers/redis-server.ts'
import { folderHome, redisHome } from '../../../../test/helpers/store-homes.ts'
import { keyIdIn } from '../../masks/masks.ts'
import { MOVED_TABLES, TABLES } from '../embedded/embedded.ts'
import { ITEMS } from './items.ts'
import { importStore, type MovePlace } from './move.ts'

const clock = createFakeClock()
const mover = new Mover(clock)
const { folder } = mover
after(() => mover.remove())

const aroundOf = (file: string) => mover.aroundOf(file)
const exported = (...what: Parameters<Mover['exported']>) => mover.exported(...what)
const imported = (...what: Parameters<Mover['imported']>) => mover.imported(...what)
const filledFolder = () => mover.filledFolder()

describe('a store that is moved, all of it', () => {
  it('has every table of a folder in some item, and every item in a table', () => {
    assert.deepEqual(Object.keys(MOVED_TABLES).sort(), [...TABLES].sort())
    const named = new Set(
      Object.values(MOVED_TABLES).flatMap((items) => (typeof items === 'string' ? [] : items)),
    )
    // A number of its own, which is in the folder's `meta`.
    assert.deepEqual([...named, 'directoryRevision'].sort(), Object.keys(ITEMS).sort())
  })

  it('is the same in another folder, with what its end has cut off still to be told', async () => {
    const { home, all } = await filledFolder()
    const { file, report } = await exported(home)
    assert.deepEqual(Object.keys(report.counts), Object.keys(ITEMS), 'something of every kind, in its order')
    const other = folderHome(clock)
    assert.deepEqual((await imported(other, file)).counts, report.counts)
    const store = await other.open()
    assert.deepEqual(await readAll(store), all)
    await store.feed.watch(WATCHES)
    const told = (await store.feed.read('acme', all.feed.at(-1)?.sequence ?? 0, 10)).map(
      ({ reason }) => reason,
    )
    assert.deepEqual(told, ['server_restarted'])
    await store.close()
  })

  it('is exported as it was imported', async () => {
    const { home } = await filledFolder()
    const first = await exported(home)
    const other = folderHome(clock)
    await imported(other, first.file)
    const second = await exported(other)
    assert.deepEqual(second.report.counts, first.report.counts)
  })

  it('is not taken from a file that is damaged, cut off, of another version, or of another key', async () => {
    const { home } = await filledFolder()
    const { file } = await exported(home)
    const text = readFileSync(file, 'utf8')
    const as = (name: string, changed: string) => {
      writeFileSync(join(folder, name), changed)
      return imported(folderHome(clock), join(folder, name))
    }
    await assert.rejects(as('damaged', text.replace('"plain"', '"plane"')), /not as it was written/)
    await assert.rejects(as('torn', text.replace('["record"', '["rec')), /damaged in line|nobody knows/)
    await assert.rejects(as('short', text.slice(0, text.lastIndexOf('{"end"'))), /no end/)
    await assert.rejects(as('longer', `${text}["lastSeen",{}]\n`), /goes on after its end/)
    await assert.rejects(as('newer', text.replace('"rollcallExport":1', '"rollcallExport":2')), /version 2/)
    await assert.rejects(as('other', '{"a":1}\n'), /not what "rollcall export"/)
    await assert.rejects(
      imported(folderHome(clock), file, ['00000002']),
      /sealed with another key \(00000001/,
    )
    await assert.rejects(exported(home, file), /EEXIST/, 'no file is written over')
    await assert.rejects(exported(folderHome(clock)), /no store/)
  })
})

describe('a store that is moved to Redis', { skip: NO_REDIS ?? false }, () => {
  let server: RedisServer
  before(async () => {
    server = await RedisServer.start()
  })
  after(() => server?.close())
  let homes = 0
  const at = ({ port }: RedisServer) => ({ address: { host: '127.0.0.1', port } })
  const redis = (partitions: number) => redisHome(clock, at(server), `moved-${homes++}:`, partitions)

  it('is the same there, with another number of partitions, and back in a folder', async () => {
    const { home, all } = await filledFolder()
    let from = home
    for (const to of [redis(3), redis(5), redis(5), folderHome(clock)]) {
      const { file } = await exported(from)
      await imported(to, file)
      const store = await to.open()
      assertMoved(await readAll(store), all)
      const again = { ...CLAIM, token: 'another' }
      const known = { kind: 'known', reply: { eventId: 'answered once', count: 1 } }
      assert.deepEqual(await store.replies.claim(again, CLAIM.owner), known)
      await store.close()
      from = to
    }
  })

  it('tells there that a link was cut, once its process is buried', async () => {
    const { home, all } = await filledFolder()
    const to = redis(3)
    await imported(to, (await exported(home)).file)
    const store = await to.open()
    await store.feed.watch(WATCHES)
    await store.neighbours?.bury('moved/000000')
    const told = (await store.feed.read('acme', all.feed.at(-1)?.sequence ?? 0, 10)).map(
      ({ reason }) => reason,
    )
    assert.deepEqual(told, ['server_restarted'])
    await store.close()
  })

  it('is opened by no server before it is whole, and goes on where it was cut off', async () => {
    const { home, all } = await filledFolder()
    const { file } = await exported(home)
    const to = redis(3)
    const place = await to.place()
    await assert.rejects(
      importStore(cutAfter(place, 30), { ...aroundOf(file), keyIds: ['00000001'], keyIdOf: keyIdIn }),
      /cut/,
    )
    await place.close()
    await assert.rejects(to.open(), /An import into this Redis has not come to its end/)
    await clock.advance(1_000)
    const another = await exported(home)
    await assert.rejects(imported(to, another.file), /another file has not come to its end/)
    await imported(to, file)
    const store = await to.open()
    assert.deepEqual({ ...(await readAll(store)), feed: [] }, { ...all, feed: [] })
    await store.close()
    await assert.rejects(imported(to, file), /There is a store in this Redis already/)
  })
})

/** As where the process dies after so many items. */
function cutAfter(place: MovePlace, items: number): MovePlace {
  return {
    ...place,
    async open(given) {
      const target = await place.open(given)
      let taken = 0
      return {
        ...target,
        async take(item) {
          if (++taken > items) throw new Error('cut')
          await target.take(item)
        },
      }
    },
  }
}
