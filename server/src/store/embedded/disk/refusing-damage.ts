import { DAMAGED, refusal } from '../refusal.ts'
import type { Rows } from '../rows.ts'
import { DamageError } from './damage.ts'

/**
 * Once the store is open, whoever asks for what is damaged is refused, as with anything that is not there to be had: an
 * event that is not what was sent is not delivered, and everything else goes on. Before that nothing is opened.
 */
export function refusingDamage(disk: Rows): { readonly rows: Rows; opened(): void } {
  let isOpen = false
  const get: Rows['get'] = (table, key) => {
    try {
      return disk.get(table, key)
    } catch (error) {
      throw isOpen && error instanceof DamageError ? refusal(DAMAGED, error) : error
    }
  }
  return {
    // One by one: whoever makes rows may be a class.
    rows: {
      get,
      scan: (table, visit) => disk.scan(table, visit),
      scanKeys: (table, visit) => disk.scanKeys(table, visit),
      commit: (changes) => disk.commit(changes),
      reopen: () => disk.reopen(),
      close: () => disk.close(),
      warnings: () => disk.warnings?.() ?? [],
    },
    opened() {
      isOpen = true
    },
  }
}
