import type { Item, ItemKind } from '../../move/items.ts'
import type { TargetOptions } from '../../move/move.ts'
import type { Functions } from '../connection/functions.ts'
import { CONTROL, type Partitions } from '../connection/partitions.ts'
import { FORMER_NODE, type MovedRow, rowsOf } from './rows.ts'

/** Items that are on their way together, over all partitions, and bytes. */
export const ROWS_TOGETHER = 2_000
const GATHERED_BYTES = 4 * 1024 * 1024

/** Brings each item where it belongs. What goes to one partition arrives in its order. */
export class Router {
  readonly #functions: Functions
  readonly #partitions: Partitions
  readonly #given: TargetOptions
  readonly #rowsMax: number
  #waiting = new Map<number, MovedRow[]>()
  #rows = 0
  #bytes = 0
  #kind: ItemKind | undefined
  /** Of which nobody knows whose they are. */
  unknownReplies = 0

  constructor(functions: Functions, partitions: Partitions, given: TargetOptions, rowsMax: number) {
    this.#functions = functions
    this.#partitions = partitions
    this.#given = given
    this.#rowsMax = rowsMax
  }

  async take(item: Item): Promise<void> {
    if (item[0] === 'reply' && item[1].organizationId === '') this.unknownReplies++
    else for (const [name, row] of rowsOf(item)) this.#add(this.#partitionOf(name), row)
    if (item[0] === 'link' && this.#kind !== 'link')
      this.#add(CONTROL, { kind: 'node', fields: { id: FORMER_NODE, name: 'moved' }, values: [] })
    this.#kind = item[0]
    if (this.#rows >= this.#rowsMax || this.#bytes >= GATHERED_BYTES) await this.#flush()
  }

  /** No id of the source is given again, in any partition. */
  async finish(): Promise<void> {
    const { numbering, highest } = this.#given
    const { count } = this.#partitions
    const fields = {
      entry: String(numbering.next),
      race: String(numbering.next),
      registration: String(Math.ceil(highest.registrationId / count) + 1),
      record: String(Math.ceil(highest.recordId / count) + 1),
    }
    for (const partition of this.#partitions.all) this.#add(partition, { kind: 'last', fields, values: [] })
    await this.#flush()
  }

  #partitionOf(name: string | undefined): number {
    return name === undefined ? CONTROL : this.#partitions.of(name)
  }

  #add(partition: number, row: MovedRow): void {
    const rows = this.#waiting.get(partition)
    if (rows === undefined) this.#waiting.set(partition, [row])
    else rows.push(row)
    this.#rows++
    for (const value of row.values) this.#bytes += value.length
  }

  async #flush(): Promise<void> {
    const waiting = this.#waiting
    this.#waiting = new Map()
    this.#rows = 0
    this.#bytes = 0
    await Promise.all([...waiting].map(([partition, rows]) => this.#send(partition, rows)))
  }

  async #send(partition: number, rows: readonly MovedRow[]): Promise<void> {
    const args = rows.flatMap(({ kind, fields, values: [first = '', second = '', third = ''] }) => [
      kind,
      JSON.stringify(fields),
      first,
      second,
      third,
    ])
    await this.#functions.call('durable', 'move_in', partition, args)
  }
}
