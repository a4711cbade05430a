import { RollcallError } from '@rollcall/protocol/error-code'
import { type JsonValue, locateMasks, parseMasks } from '../../server/src/masks/masks.ts'

/** Where a mask leads in a document, as sorted JSON texts of keys and indexes; `refused` where it does not parse. */
export function locationsOf(mask: string, document: JsonValue): readonly string[] | 'refused' {
  try {
    const locations = locateMasks(parseMasks([mask]), document)
    if (locations === undefined) throw new Error('the masks took too many steps')
    return sorted(locations)
  } catch (error) {
    if (error instanceof RollcallError && error.code === 'invalid_mask') return 'refused'
    throw error
  }
}

/** Locations in one order, each once. */
export function sorted(locations: Iterable<readonly (string | number)[]>): readonly string[] {
  return [...new Set(Array.from(locations, (location) => JSON.stringify(location)))].sort()
}

/** What is at a location that `locationsOf` gave. */
export function valueAt(document: JsonValue, location: string): JsonValue {
  let value: unknown = document
  for (const key of JSON.parse(location) as (string | number)[])
    value = (value as { readonly [key: string]: unknown })[key]
  return value as JsonValue
}
