import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createFakeClock, type FakeClock } from '../../../../test/helpers/fake-clock.ts'
import { liveOf } from '../contract/entries.ts'
import { CONTRACT_BOUNDS, type StoreUnderTest, testStoreContract } from '../contract.ts'
import type { Store } from '../store.ts'
import { openEmbeddedStore } from './assembly.ts'
import { openDiskRows } from './disk/disk-rows.ts'
import { inlineMerger } from './disk/mergers.ts'
import { makeFolder, nodeFiles } from './disk/node-files.ts'
import { openFolderStore } from './embedded.ts'
import { encodeFields } from './fields.ts'
import type { Rows } from './rows.ts'

const scratch = mkdtempSync(join(tmpdir(), 'rollcall-embedded-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
let folders = 0
const newFolder = () => join(scratch, String(folders++))

/** Rows that tell when no commit is under way. */
function tracked(rows: Rows): Rows & { idle(): Promise<unknown> } {
  let running: Promise<unknown> = Promise.resolve()
  return {
    ...rows,
    idle: () => running,
    commit(changes) {
      const commit = rows.commit(changes)
      running = commit.catch(() => {})
      return commit
    },
  }
}

function openRows(folder: string, clock: FakeClock): Promise<Rows> {
  makeFolder(folder)
  const files = nodeFiles(folder)
  const merger = inlineMerger(files)
  return openDiskRows({ files, clock, merger, newStoreId: () => '0123456789abcdef' })
}

/** What its manifest names is there, and stays as it is, for as long as that does; it is tidied meanwhile. */
function copyOf(folder: string): string {
  const manifest = () => readFileSync(join(folder, 'manifest'), 'latin1')
  for (;;) {
    const copy = newFolder()
    const before = manifest()
    try {
      cpSync(folder, copy, { recursive: true, filter: (path) => !path.endsWith('.tmp') })
      if (manifest() === before) return copy
    } catch (error) {
      if (!(error instanceof Error) || Reflect.get(error, 'code') !== 'ENOENT') throw error
    }
  }
}

/**
 * The engine on a real disk under a clock that is moved by hand. A crash is played by a copy of the files as they
 * are on disk at that moment.
 */
class EngineUnderTest implements StoreUnderTest {
  readonly #clock: FakeClock = createFakeClock()
  readonly #abandoned: Store[] = []
  readonly ended: [string, number][] = []
  #folder = newFolder()
  #rows: ReturnType<typeof tracked> | undefined
  #store: Store | undefined

  get store(): Store {
    assert(this.#store !== undefined)
    return this.#store
  }

  wallMs = () => this.#clock.wallMs()
  jumpWall = (ms: number) => this.#clock.jumpWall(ms)
  stall = (ms: number) => this.#clock.stall(ms)

  async open(): Promise<this> {
    this.#rows = tracked(await openRows(this.#folder, this.#clock))
    this.#store = await openEmbeddedStore({
      ...CONTRACT_BOUNDS,
      rows: this.#rows,
      clock: this.#clock,
      onMailboxEnded: (...what) => void this.ended.push(what),
    })
    return this
  }

  /** In steps, each with time for real writes to end: a second of the fake clock passes in no time. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 100) {
      await this.#clock.advance(Math.min(left, 100))
      await this.#rows?.idle()
    }
  }

  async reopen(downMs: number): Promise<void> {
    await this.store.close()
    await this.#clock.advance(downMs)
    await this.open()
  }

  async crash(downMs: number): Promise<void> {
    await this.#rows?.idle()
    const folder = copyOf(this.#folder)
    this.#abandoned.push(this.store)
    await this.#clock.advance(downMs)
    this.#folder = folder
    await this.open()
  }

  async close(): Promise<void> {
    for (const store of [...this.#abandoned, this.store]) await store.close()
  }
}

testStoreContract('the embedded engine on a real disk', () => new EngineUnderTest().open(), {
  noNeighbours: 'no other process has its folder',
})

describe('the data folder', () => {
  const clock = createFakeClock()
  const endpoint = { organizationId: 'acme', userId: 'alice', userEndpointId: 'phone' }
  const request = {
    ...endpoint,
    keepAliveSeconds: 9,
    serverKeepAliveReminderOn: false,
    authorizedUntilWallMs: 0,
  }

  it('is readable by its owner only, and everything in it', async () => {
    const dataDir = newFolder()
    const store = await openFolderStore({ dataDir, clock })
    await store.registrations.register(request, 1)
    const folder = join(dataDir, 'store')
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    for (const file of readdirSync(folder))
      assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file)
    await store.close()
  })

  it('belongs to one at a time', async () => {
    const dataDir = newFolder()
    const first = await openFolderStore({ dataDir, clock })
    await assert.rejects(openFolderStore({ dataDir, clock }), /in use by process \d+/)
    await first.registrations.register(request, 1)
    await first.close()
    const second = await openFolderStore({ dataDir, clock })
    assert.equal((await liveOf(second, endpoint))[0]?.userEndpointId, 'phone')
    await second.close()
  })

  it('of a newer version is refused', async () => {
    const dataDir = newFolder()
    const rows = await openRows(join(dataDir, 'store'), clock)
    await rows.commit([{ table: 'meta', key: Buffer.from('format'), value: encodeFields([2]) }])
    await rows.close()
    await assert.rejects(openFolderStore({ dataDir, clock }), /format 2/)
  })
})
