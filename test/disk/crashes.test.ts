import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inlineMerger, openDiskRows, type Rows } from '../../server/src/store/embedded/embedded.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { MemoryDisk } from '../helpers/memory-disk.ts'
import { createDice } from '../sim/dice.ts'
import { SMALL } from './scene.ts'

const SEEDS = 6
const COMMITS = 150

/** One process after the other on a disk whose power goes, whose writes are torn, and that refuses now and then. */
class Crashes {
  readonly #clock = createFakeClock()
  readonly #dice
  readonly #disk
  /** What was confirmed, and what may be there besides: a commit that was refused or cut short. */
  readonly #rows = new Map<string, string>()
  crashes = 0
  refusals = 0

  constructor(seed: number) {
    this.#dice = createDice(seed)
    this.#disk = new MemoryDisk({ time: { clock: this.#clock, dice: this.#dice } })
  }

  async run(): Promise<void> {
    let life = await this.#open()
    for (let number = 0; number < COMMITS; number++) {
      const key = String(this.#dice.roll(60))
      const value = `${number} ${'v'.repeat(this.#dice.roll(400))}`
      const change = { table: 'mailbox', key: Buffer.from(key), value: Buffer.from(value) } as const
      this.#disk.failing = this.#dice.chance(6) ? this.#dice.pick(['EIO', 'ENOSPC']) : undefined
      let outcome: 'confirmed' | 'refused' | undefined
      const ended = life.rows.commit([change]).then(
        () => {
          outcome = 'confirmed'
        },
        () => {
          outcome = 'refused'
        },
      )
      const crashes = this.#dice.chance(10)
      if (crashes) {
        await this.#clock.advance(this.#dice.roll(4))
        life.files.die()
        this.#disk.cutPower()
        this.crashes++
      } else {
        await this.#passUntil(() => outcome !== undefined)
        await ended
      }
      this.#disk.failing = undefined
      if (outcome === 'confirmed') this.#rows.set(key, value)
      if (outcome === 'confirmed' && !crashes) continue
      if (outcome === 'refused') this.refusals++
      life.files.die()
      life = await this.#open()
      await this.#settle(life.rows, key, value)
    }
    life.files.die()
    await this.#assertSame((await this.#open()).rows)
  }

  async #open() {
    const files = this.#disk.open()
    const merger = inlineMerger(files)
    const options = { files, clock: this.#clock, merger, sizes: SMALL }
    let opened: { readonly rows: Rows } | { readonly error: unknown } | undefined
    openDiskRows({ ...options, newStoreId: () => '00112233445566ff' }).then(
      (rows) => {
        opened = { rows }
      },
      (error: unknown) => {
        opened = { error }
      },
    )
    await this.#passUntil(() => opened !== undefined)
    if (opened === undefined || 'error' in opened) throw opened?.error
    return { files, rows: opened.rows }
  }

  async #passUntil(isOver: () => boolean): Promise<void> {
    for (let turns = 0; !isOver(); turns++) {
      assert.ok(turns < 10_000, 'it does not end')
      await this.#clock.advance(2)
    }
  }

  /** What nobody was told of is there whole, or not at all. */
  async #settle(rows: Rows, key: string, value: string): Promise<void> {
    const found = rows.get('mailbox', Buffer.from(key))
    if (found !== undefined && Buffer.from(found).toString() === value) this.#rows.set(key, value)
    await this.#assertSame(rows)
  }

  async #assertSame(rows: Rows): Promise<void> {
    const seen = new Map<string, string>()
    await rows.scan('mailbox', (key, value) => {
      seen.set(Buffer.from(key).toString(), Buffer.from(value).toString())
    })
    const sorted = (map: ReadonlyMap<string, string>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1))
    assert.deepEqual(sorted(seen), sorted(this.#rows))
  }
}

it('a store loses nothing that was confirmed, whatever write is torn, name is lost or operation is refused', async () => {
  let [crashes, refusals] = [0, 0]
  for (let seed = 1; seed <= SEEDS; seed++) {
    const run = new Crashes(seed)
    await run.run().catch((cause: unknown) => {
      throw new Error(`seed ${seed}: ${cause instanceof Error ? cause.message : cause}`, { cause })
    })
    crashes += run.crashes
    refusals += run.refusals
  }
  assert.ok(crashes > SEEDS * 5 && refusals > SEEDS, `${crashes} ${refusals}`)
})
