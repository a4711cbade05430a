import assert from 'node:assert/strict'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { createFakeClock, type FakeClock } from '../../../../test/helpers/fake-clock.ts'
import { type StoreUnderTest, testStoreContract } from '../contract.ts'
import type { Store } from '../store.ts'
import { openEmbeddedStore } from './assembly.ts'
import { openFolderStore } from './embedded.ts'
import { encodeFields } from './fields.ts'
import { openLmdbRows } from './lmdb-rows.ts'
import { ownIdentity } from './process-identity.ts'
import type { Rows } from './rows.ts'

const scratch = mkdtempSync(join(tmpdir(), 'rollcall-lmdb-'))
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

/**
 * LMDB on a real disk under a clock that is moved by hand. A crash is played by a copy of the data file as it
 * is on disk at that moment.
 */
class LmdbUnderTest implements StoreUnderTest {
  readonly #clock: FakeClock = createFakeClock()
  readonly #abandoned: Store[] = []
  readonly ended: [string, number][] = []
  #folder = newFolder()
  #rows = tracked(openLmdbRows(this.#folder))
  #store: Store | undefined

  get store(): Store {
    assert(this.#store !== undefined)
    return this.#store
  }

  wallMs = () => this.#clock.wallMs()
  jumpWall = (ms: number) => this.#clock.jumpWall(ms)
  stall = (ms: number) => this.#clock.stall(ms)

  async open(): Promise<this> {
    this.#store = await openEmbeddedStore({
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
      await this.#rows.idle()
    }
  }

  async reopen(downMs: number): Promise<void> {
    await this.store.close()
    await this.#clock.advance(downMs)
    this.#rows = tracked(openLmdbRows(this.#folder))
    await this.open()
  }

  async crash(downMs: number): Promise<void> {
    await this.#rows.idle()
    const folder = newFolder()
    mkdirSync(folder)
    copyFileSync(join(this.#folder, 'data.mdb'), join(folder, 'data.mdb'))
    this.#abandoned.push(this.store)
    await this.#clock.advance(downMs)
    this.#folder = folder
    this.#rows = tracked(openLmdbRows(folder))
    await this.open()
  }

  async close(): Promise<void> {
    for (const store of [...this.#abandoned, this.store]) await store.close()
  }
}

testStoreContract('LMDB', () => new LmdbUnderTest().open())

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
    await store.registrations.register(request, 1, { nowMs: 0, nowWallMs: 0 })
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
    await first.registrations.register(request, 1, { nowMs: 0, nowWallMs: 0 })
    await first.close()
    const second = await openFolderStore({ dataDir, clock })
    assert.equal((await second.registrations.find(endpoint, 0))?.userEndpointId, 'phone')
    await second.close()
  })

  it('is taken over from a process that died, whoever has its pid now', async () => {
    const self = ownIdentity()
    const dead = [
      { ...self, pid: 2 ** 22 + 1 },
      { ...self, startedAt: '1' },
      { ...self, bootId: 'the boot before' },
      'not even JSON',
    ]
    for (const owner of dead) {
      const dataDir = newFolder()
      mkdirSync(join(dataDir, 'store'), { recursive: true })
      writeFileSync(join(dataDir, 'store', 'owner'), JSON.stringify(owner))
      const store = await openFolderStore({ dataDir, clock })
      await store.close()
    }
  })

  it('is left to a process in another container while that shows signs of life', async () => {
    const dataDir = newFolder()
    const file = join(dataDir, 'store', 'owner')
    mkdirSync(join(dataDir, 'store'), { recursive: true })
    writeFileSync(file, JSON.stringify({ ...ownIdentity(), pidNamespace: 'pid:[1]' }))
    const refused = assert.rejects(openFolderStore({ dataDir, clock }), /in use/)
    await clock.advance(1000)
    utimesSync(file, 1, 1)
    await clock.advance(3000)
    await refused
    const taken = openFolderStore({ dataDir, clock })
    await clock.advance(4000)
    await (await taken).close()
  })

  it('of a newer version is refused', async () => {
    const dataDir = newFolder()
    const rows = openLmdbRows(join(dataDir, 'store'))
    await rows.commit([{ table: 'meta', key: Buffer.from('format'), value: encodeFields([2]) }])
    await rows.close()
    await assert.rejects(openFolderStore({ dataDir, clock }), /format 2/)
    assert.deepEqual(
      readdirSync(join(dataDir, 'store')).filter((file) => file === 'owner'),
      [],
    )
  })
})
