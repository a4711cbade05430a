import { RollcallError } from '@rollcall/protocol/error-code'

/** Reads the parameters of a query string, and names all that are wrong at once. */
export class QueryReader {
  readonly #given: ReadonlyMap<string, unknown>
  readonly #refused: [string, string][] = []

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
    this.#refused.push([name, rule])
  }

  /** @throws RollcallError `invalid_request` naming each that was refused */
  end(): void {
    if (this.#refused.length > 0)
      throw new RollcallError('invalid_request', undefined, { fields: this.#refused })
  }
}
