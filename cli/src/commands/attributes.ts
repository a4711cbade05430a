import { UsageError } from '../exit-codes.ts'

/**
 * A JSON object of the command line.
 *
 * @param what it is, for messages: `the event`
 * @throws UsageError
 */
export function attributesOf(json: string, what: string): { readonly [attribute: string]: unknown } {
  let value: unknown
  try {
    // Without the byte order mark that pipes of Windows begin a text with.
    value = JSON.parse(json.replace(/^\ufeff/, ''))
  } catch {
    // Not repeated: it may come from a file, and hold what is nobody's business.
    throw new UsageError(`${what} is not JSON`)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new UsageError(`${what} must be a JSON object`)
  return { ...value }
}
