import { list, text } from '../connection/answers.ts'
import type { Functions } from '../connection/functions.ts'
import type { Partitions } from '../connection/partitions.ts'
import type { Answer } from '../connection/wire.ts'

/** Of one page. */
const ROWS_MAX = 200
const BYTES_MAX = 256 * 1024

type Argument = string | number

/** A store that is read. */
export type Reading = {
  readonly functions: Functions
  readonly partitions: Partitions
  /** By the number of its partition. */
  readonly readers: readonly PartitionReader[]
  /** Now, by the wall clock. */
  readonly wallMs: number
}

/** What is kept in one partition, page by page: see `move_out.lua`. */
export class PartitionReader {
  readonly #functions: Functions
  readonly partition: number

  constructor(functions: Functions, partition: number) {
    this.#functions = functions
    this.partition = partition
  }

  /** All of a kind at once. */
  async all(kind: string, of: Argument = ''): Promise<readonly Answer[]> {
    return list(await this.ask(kind, of))
  }

  ask(
    kind: string,
    of: Argument = '',
    after: Argument = '',
    more: readonly Argument[] = [],
  ): Promise<Answer> {
    const args = [kind, of, after, ROWS_MAX, BYTES_MAX, ...more]
    return this.#functions.call('quick', 'move_out', this.partition, args)
  }

  /** Rows of a kind by place; `width`: how many answers are one row. */
  async *rows(kind: string, width = 1): AsyncGenerator<readonly Answer[]> {
    for (let from = 0; ; from += ROWS_MAX) {
      const page = await this.#page(kind, '', from)
      for (let at = 0; at < page.length; at += width) yield page.slice(at, at + width)
      if (page.length === 0) return
    }
  }

  async #page(kind: string, of: Argument, after: Argument): Promise<readonly Answer[]> {
    return list(await this.ask(kind, of, after))
  }

  /** One after the other, each after the one before, by what it begins with: a number. */
  async *following(kind: string, of: Argument = ''): AsyncGenerator<readonly Answer[]> {
    for (let after: Argument = 0; ; ) {
      const rows: readonly (readonly Answer[])[] = (await this.#page(kind, of, after)).map(list)
      const last = rows.at(-1)
      if (last === undefined) return
      yield* rows
      after = text(last[0])
    }
  }
}
