import { type Problems, refuseAny } from './fields.ts'

/** Reads the parameters of a query string, and names all that are wrong at once. */
export class QueryReader {
  readonly #given: ReadonlyMap<string, unknown>
  readonly #problems: Problems = new Map()

  constructor(query: unknown) {
    this.#given = new Map(typeof query === 'object' && query !== null ? Object.entries(query) : [])
  }

  /** The parameter; `undefined` where it is absent, or wrong. One that is given twice is a list, and no text. */
  take<T extends string>(
    name: string,
    isRight: (value: unknown) => value is T,
    rule: string | ((value: unknown) => string),
  ): T | undefined {
    const value = this.#given.get(name)
    if (value === undefined || isRight(value)) return value
    this.refuse(name, typeof rule === 'string' ? rule : rule(value))
    return undefined
  }

  refuse(name: string, rule: string): void {
    this.#problems.set(name, rule)
  }

  /** @throws RollcallError `invalid_request` naming each that was refused */
  end(): void {
    refuseAny(this.#problems)
  }
}
