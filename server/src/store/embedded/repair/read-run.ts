import { checksum } from '../disk/checksum.ts'
import { DamageError } from '../disk/damage.ts'
import type { Files } from '../disk/files.ts'
import { type Manifest, type RunInfo, runName } from '../disk/manifest.ts'
import type { RowState } from '../disk/memtable.ts'
import { tableIdOf } from '../disk/row-key.ts'
import { type BlockKeys, Run } from '../disk/run.ts'
import type { Block, TableStats } from '../disk/run-format.ts'
import { bad, counted, type Finding, good, orDamage } from './finding.ts'

/** Gets what can be read of a run, in its order. A row whose value is damaged comes as removed: it hides older ones. */
export type VisitRow = (key: string, value: RowState) => void

/** Reads all of a run that can be read, and tells what cannot. */
export function readRun(files: Files, info: RunInfo, manifest: Manifest, visit: VisitRow): Finding {
  const name = runName(info.number)
  const run = orDamage(() => new Run(files, info, manifest.storeId))
  if (run instanceof DamageError) return bad(name, run.what, ['all of its rows; nobody can tell which'])
  try {
    const tally = new Tally(run, manifest.tables)
    for (const block of run.blocks) readBlock(run, block, tally, visit)
    return tally.finding(name)
  } finally {
    run.close()
  }
}

function readBlock(run: Run, block: Block, tally: Tally, visit: VisitRow): void {
  const read = orDamage(() => run.readBlock(block))
  if (read instanceof DamageError) {
    tally.problems.push(read.what)
    return
  }
  const { keys, values } = read
  let start = 0
  for (let place = 0; place < keys.rows; place++) {
    const end = start + keys.row(place).valueBytes
    readRow(keys, place, values.subarray(start, end), tally, visit)
    start = end
  }
}

function readRow(keys: BlockKeys, place: number, value: Buffer, tally: Tally, visit: VisitRow): void {
  const key = keys.key(place)
  const { isRemoved, valueSum } = keys.row(place)
  if (isRemoved) {
    tally.of(key).removals++
    visit(key, undefined)
  } else if (checksum(value) === valueSum) {
    tally.of(key).rows++
    visit(key, value)
  } else visit(key, undefined)
}

/** What of a run was read, table by table, beside what it should be. */
class Tally {
  readonly problems: string[] = []
  readonly #run: Run
  readonly #tables: readonly string[]
  readonly #read = new Map<number, Omit<TableStats, 'bytes'>>()

  constructor(run: Run, tables: readonly string[]) {
    this.#run = run
    this.#tables = tables
  }

  of(key: string): Omit<TableStats, 'bytes'> {
    const id = tableIdOf(key)
    const stats = this.#read.get(id) ?? { rows: 0, removals: 0 }
    this.#read.set(id, stats)
    return stats
  }

  finding(name: string): Finding {
    const lost: string[] = []
    let rows = 0
    for (const [id, stats] of Object.entries(this.#run.index.tables)) {
      const read = this.#read.get(Number(id)) ?? { rows: 0, removals: 0 }
      rows += read.rows
      const table = this.#tables[Number(id)] ?? `table ${id}`
      if (read.rows < stats.rows) lost.push(`${counted(stats.rows - read.rows, 'row')} of ${table}`)
      if (read.removals < stats.removals)
        lost.push(
          `${counted(stats.removals - read.removals, 'removal')} of ${table}: what was removed may come back`,
        )
    }
    if (lost.length === 0 && this.problems.length === 0) return good(name, counted(rows, 'row'))
    const where = this.problems.length === 0 ? 'is damaged in its values' : this.problems.join('; ')
    return bad(name, `${where}; ${counted(rows, 'row')} can be read`, lost)
  }
}
