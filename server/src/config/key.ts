import type { Reader } from '../parse/parse.ts'

/** One configuration key: as the documentation shows it, and as it is read. */
export type ConfigurationKey<Name extends string = string, Value = unknown> = {
  /** Its name in the configuration file. */
  readonly name: Name
  /** Its name in the environment, which wins over the file. */
  readonly env: string
  readonly type: 'string' | 'integer' | 'boolean' | 'list' | 'json'
  /** Unit of an integer; empty where it has none. */
  readonly unit: string
  /** As text; empty: not set. */
  readonly default: string
  /** Accepted values, in words; for integers `min` and `max` say the same to the reader. */
  readonly range: string
  readonly min?: number
  readonly max?: number
  readonly description: string
  /** Given its value, `undefined` where it is not set, and its name where the value came from: environment or file. */
  readonly parse: Reader<Value>
}
