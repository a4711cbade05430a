import type { StoreWarning } from '../store.ts'

/**
 * The disk as the engine sees it: a few sorted tables of rows, written in commits. Small, so that a simulation
 * can put a crashing one beneath the real engine.
 */
export interface Rows {
  /** The row as last committed. The bytes are the caller's own. */
  get(table: Table, key: Uint8Array): Uint8Array | undefined
  /**
   * Visits every committed row in ascending order of keys. The bytes are good only during the visit. Many rows
   * take many turns of the event loop.
   */
  scan(table: Table, visit: (key: Uint8Array, value: Uint8Array) => void): Promise<void>
  /** The same without reading the values. */
  scanKeys(table: Table, visit: (key: Uint8Array) => void): Promise<void>
  /**
   * Carries out all changes in their order or none of them, and resolves once they survive a power cut. One at
   * a time: the caller awaits it before the next, and does not touch the bytes until then. Rejects with
   * whatever the disk says; what happened to the changes is then unknown until `reopen`.
   */
  commit(changes: readonly RowChange[]): Promise<void>
  /** After a failed commit: gives up what is left of it, and reads what is really on disk from then on. */
  reopen(): Promise<void>
  close(): Promise<void>
  /** What is wrong although commits succeed. Absent: nothing ever is. */
  warnings?(): readonly StoreWarning[]
}

export const TABLES = [
  'meta',
  'registrations',
  'liveness',
  'mailbox',
  'payloads',
  'terms',
  'races',
  'calls',
  'cancels',
  'answers',
  'families',
  'revoked',
  'revokedUsers',
  'lastSeen',
  'signing',
  'feed',
  'webhooks',
  'deadLetters',
  'links',
  'history',
  'historyIndex',
  'outcomes',
  'eventAnswers',
  'historyOwners',
  'historyShares',
  'directory',
  'audit',
  'charts',
] as const

export type Table = (typeof TABLES)[number]

/**
 * Tables whose rows come in the order of their keys, are large, and stay for long. It is only told so that fewer bytes are
 * written: a row that comes otherwise is kept as all others are.
 */
export const APPENDED: readonly Table[] = ['history']

/** A row to write, or, without a value, to remove; removing what is not there is no error. Values are not empty. */
export type RowChange = {
  readonly table: Table
  readonly key: Uint8Array
  readonly value: Uint8Array | undefined
}
