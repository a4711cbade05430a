import { CHART_MS, CHART_ROWS_MAX } from '../../bounds.ts'
import type { ChartRow } from '../../store.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import type { Journal } from '../journal/journal.ts'
import { digestKey, numberKey, readNumberKey } from '../keys.ts'
import type { Rows } from '../rows.ts'

/** Where a row is: its start, so that rows are sorted by age, and whose it is. */
type Place = { readonly startWallMs: number; readonly owner: string; readonly key: Uint8Array }

const START_BYTES = 8

/** Rows of charts on disk; memory knows where they are, and nothing of what is in them. */
export class ChartBook {
  readonly #journal: Pick<Journal, 'put' | 'remove'>
  readonly #rows: Rows
  readonly #rowsMax: number
  /** By their keys, in the order in which they are to go. */
  readonly #places = new Map<string, Place>()

  constructor(journal: Pick<Journal, 'put' | 'remove'>, rows: Rows, rowsMax = CHART_ROWS_MAX) {
    this.#journal = journal
    this.#rows = rows
    this.#rowsMax = rowsMax
  }

  async load(rows: Rows): Promise<void> {
    await rows.scanKeys('charts', (key) => this.#keep(placeAt(Buffer.from(key))))
  }

  put(row: ChartRow): void {
    const place = placeOf(row)
    this.#keep(place)
    this.#journal.put('charts', place.key, encode(row))
    for (const [name, oldest] of this.#places) {
      if (this.#places.size <= this.#rowsMax) return
      this.#drop(name, oldest)
    }
  }

  /** Where an organization's rows are, oldest first. */
  places(organizationId: string | null, fromWallMs: number): readonly Place[] {
    const owner = ownerOf(organizationId).toString('latin1')
    return [...this.#places.values()]
      .filter((place) => place.owner === owner && place.startWallMs >= fromWallMs)
      .sort((one, other) => one.startWallMs - other.startWallMs)
  }

  /** `undefined`: it has gone meanwhile. */
  read({ key }: Place): ChartRow | undefined {
    const value = this.#rows.get('charts', key)
    return value === undefined ? undefined : decodeChart(value)
  }

  /** Drops those that are too old, at most `max`. */
  prune(nowWallMs: number, max: number): void {
    let left = max
    for (const [name, place] of this.#places) {
      if (left-- === 0 || place.startWallMs > nowWallMs - CHART_MS) return
      this.#drop(name, place)
    }
  }

  #keep(place: Place): void {
    this.#places.set(Buffer.from(place.key).toString('latin1'), place)
  }

  #drop(name: string, { key }: Place): void {
    this.#places.delete(name)
    this.#journal.remove('charts', key)
  }
}

function ownerOf(organizationId: string | null): Buffer {
  return organizationId === null ? digestKey() : digestKey(organizationId)
}

function placeOf({ organizationId, startWallMs }: ChartRow): Place {
  return placeAt(Buffer.concat([numberKey(startWallMs), ownerOf(organizationId)]))
}

function placeAt(key: Buffer): Place {
  return {
    startWallMs: readNumberKey(key),
    owner: key.subarray(START_BYTES).toString('latin1'),
    key,
  }
}

/** The row of `charts` that holds it. */
export function chartChange(row: ChartRow) {
  return { table: 'charts', key: placeOf(row).key, value: encode(row) } as const
}

function encode({ organizationId, startWallMs, points }: ChartRow): Buffer {
  const owner = organizationId === null ? [0, ''] : [1, organizationId]
  return encodeFields([...owner, startWallMs, points])
}

export function decodeChart(value: Uint8Array): ChartRow {
  const row = new FieldReader(value)
  const isOne = row.number() === 1
  const id = row.text()
  return { organizationId: isOne ? id : null, startWallMs: row.number(), points: row.bytes() }
}
