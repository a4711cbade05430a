import { TABLES, type Table } from '../rows.ts'

/** Table numbers fit beside one bit in a byte. */
const TABLES_MAX = 127

/**
 * Tables by number, as the manifest keeps them: a number never changes its table, whatever the program's list of
 * tables becomes.
 */
export class TableIds {
  readonly names: readonly string[]
  readonly #ids = new Map<string, number>()

  /** @param known tables in the order of their numbers; those that the program has besides get the next */
  constructor(known: readonly string[]) {
    this.names = [...known, ...TABLES.filter((table) => !known.includes(table))]
    if (this.names.length > TABLES_MAX) throw new RangeError('too many tables')
    for (const [id, name] of this.names.entries()) this.#ids.set(name, id)
  }

  readonly of = (table: Table): number => {
    const id = this.#ids.get(table)
    if (id === undefined) throw new RangeError(`there is no table ${table}`)
    return id
  }
}
