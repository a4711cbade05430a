import type { RowChange, Rows } from '../rows.ts'
import { SIGNING_KEY_ROWS } from './list-rows.ts'

/**
 * Removes every key that signs or has signed access tokens, in one commit, for a store that nobody serves from. Whoever
 * opens it next finds none and makes one.
 *
 * @returns the ids of the keys that are gone
 */
export async function dropSigningKeys(rows: Rows): Promise<readonly string[]> {
  const { table, decode } = SIGNING_KEY_ROWS
  const keyIds: string[] = []
  const changes: RowChange[] = []
  await rows.scan(table, (key, value) => {
    keyIds.push(decode(value).keyId)
    // The bytes are good only now.
    changes.push({ table, key: Uint8Array.from(key), value: undefined })
  })
  if (changes.length > 0) await rows.commit(changes)
  return keyIds
}
