import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keyIdIn } from '../../server/src/masks/masks.ts'
import { exportStore, importStore, type MoveReport } from '../../server/src/store/store.ts'
import type { FakeClock } from './fake-clock.ts'
import { fill, readAll } from './filled-store.ts'
import { linkOf, liveOf } from './mailbox-entries.ts'
import { folderHome, type Home } from './store-homes.ts'

const SILENT = { error() {}, warn() {}, info() {} }

export type StoreContent = Awaited<ReturnType<typeof readAll>>

/** Moves stores by files, of which it takes care. */
export class Mover {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-moved-'))
  readonly #clock: FakeClock
  #files = 0

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  /** A file that is not there yet. */
  fileOf(name: string): string {
    return join(this.folder, name)
  }

  aroundOf(file: string) {
    return { file, clock: this.#clock, log: SILENT }
  }

  async exported(home: Home, file = this.fileOf(`stream-${++this.#files}`)) {
    const source = await home.source()
    const report = await exportStore(source, { ...this.aroundOf(file), product: 'test' }).finally(() =>
      source.close(),
    )
    return { file, report }
  }

  async imported(home: Home, file: string, keyIds = ['00000001']): Promise<MoveReport> {
    const place = await home.place()
    const given = { ...this.aroundOf(file), keyIds, keyIdOf: keyIdIn }
    return importStore(place, given).finally(() => place.close())
  }

  /** A folder with something of every kind, whose process died while an endpoint was connected. */
  async filledFolder(): Promise<{ readonly home: Home; readonly all: StoreContent }> {
    const home = folderHome(this.#clock)
    const store = await home.open()
    await fill(store, this.#clock.wallMs())
    await this.#clock.advance(2_000)
    const all = await readAll(store)
    // Whoever looked into the mailboxes has taken the place of the link.
    const [phone] = await liveOf(store, {
      organizationId: 'acme',
      userId: 'alice',
      userEndpointId: 'phone',
    })
    assert(phone !== undefined)
    await store.links.attach(phone, linkOf(1))
    await this.#clock.advance(2_000)
    home.kill()
    return { home, all: { ...all, feed: await store.feed.read('acme', 0, 1_000) } }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/**
 * In Redis every link that was cut is told once its process is buried; a folder tells it when it is watched. All else is the same
 * wherever it was moved.
 */
export function assertMoved(now: StoreContent, before: StoreContent): void {
  assert.deepEqual({ ...now, feed: [] }, { ...before, feed: [] })
  assert.deepEqual(now.feed.slice(0, before.feed.length), before.feed)
}
