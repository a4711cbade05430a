import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { keyIdIn } from '../../server/src/masks/masks.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import { MOVED_KEYS } from '../../server/src/store/redis/redis.ts'
import {
  exportStore,
  type HeldEntry,
  importStore,
  readStream,
  type Store,
} from '../../server/src/store/store.ts'
import { createFakeClock, type FakeClock } from '../helpers/fake-clock.ts'
import { entriesOf } from '../helpers/mailbox-entries.ts'
import { NO_REDIS, RedisServer } from '../helpers/redis-server.ts'
import { folderHome, redisHome } from '../helpers/store-homes.ts'
import { type Command, commands } from './store-commands.ts'
import type { Side } from './store-side.ts'
import { Twin } from './store-twin.ts'

const RUNS = 25
const COMMANDS_MAX = 200
const STEP_MS = 100
const SILENT = { error: () => {}, warn: () => {}, info: () => {} }

/** Numbers of the store before, from what was moved, and the same of the store after. */
async function renumber(file: string, store: Store, side: Side): Promise<void> {
  const before = new Map<number, number[]>()
  const ids: number[] = []
  await readStream(file, ([kind, item]) => {
    if (kind === 'record') ids.push(item.recordId)
    if (kind === 'entry')
      before.set(item.registrationId, [...(before.get(item.registrationId) ?? []), item.sequence])
  })
  const { records } = await store.history.list({}, undefined, 10_000)
  const sequences = new Map<string, number>()
  for (const registration of side.registrations) {
    const { registrationId } = registration
    const entries = await entriesOf(store, registration)
    for (const [index, sequence] of (before.get(registrationId) ?? []).entries())
      if (entries[index] !== undefined)
        sequences.set(`${registrationId}/${sequence}`, entries[index].sequence)
  }
  const sequenceOf = ({ registration, sequence }: HeldEntry) =>
    sequences.get(`${registration.registrationId}/${sequence}`)
  const kept = ids.slice(ids.length - records.length)
  const later = records.map(({ recordId }) => recordId).toSorted((a, b) => a - b)
  side.renumber(sequenceOf, new Map(kept.map((id, index) => [id, later[index] ?? 0])))
}

describe('a store that is moved', { skip: NO_REDIS ?? false }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-move-'))
  let server: RedisServer
  let redis: Redis
  let moves = 0
  before(async () => {
    server = await RedisServer.start()
    redis = new Redis(server.port)
  })
  after(async () => {
    redis?.disconnect()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** From one engine to the other and on, where others restart. */
  async function run(list: readonly Command[]): Promise<number> {
    const clock = createFakeClock()
    let home = folderHome(clock)
    const stepped: FakeClock = {
      ...clock,
      async advance(ms) {
        for (let left = ms; left > 0; left -= STEP_MS) {
          await clock.advance(Math.min(left, STEP_MS))
          await home.idle()
        }
      },
      async stall(ms) {
        await home.idle()
        await clock.stall(ms)
        await home.idle()
      },
    }
    const moveOn = async (side: Side): Promise<Store> => {
      const file = join(folder, `move-${++moves}`)
      const around = { file, clock, log: SILENT }
      const source = await home.source()
      await exportStore(source, { ...around, product: 'test' }).finally(() => source.close())
      home =
        moves % 2 === 0
          ? folderHome(clock)
          : redisHome(clock, { address: { host: '127.0.0.1', port: server.port } }, `move-${moves}:`)
      const place = await home.place()
      await importStore(place, { ...around, keyIds: ['unknown'], keyIdOf: keyIdIn }).finally(() =>
        place.close(),
      )
      const store = await home.open()
      await renumber(file, store, side)
      return store
    }
    const twin = new Twin(stepped, createMemoryStore({ clock }), await home.open(), moveOn)
    for (const command of list) await twin.run(command)
    await twin.close()
    return twin.effects
  }

  it('answers like one that stayed where it was, whatever is asked, and wherever it is taken next', async () => {
    let effects = 0
    const property = fc.asyncProperty(
      fc.array(commands(), { maxLength: COMMANDS_MAX, size: 'max' }),
      async (list) => {
        effects += await run(list)
      },
    )
    await fc.assert(property, { numRuns: RUNS, seed: 20_261_129, endOnFailure: true })
    assert.ok(moves > 8, `${moves} moves`)
    assert.ok(effects > 200, `the sequences did something: ${effects}`)
    const names = new Set<string>(Object.keys(MOVED_KEYS))
    const unknown = (await redis.keys('*')).filter((key) => {
      const [, name = ''] = /\}:([a-z]+:?)/.exec(key) ?? []
      return !names.has(name)
    })
    assert.deepEqual(unknown, [], 'keys that nobody moves')
  })
})
