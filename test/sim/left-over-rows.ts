import type { Rows, Table } from '../../server/src/store/embedded/embedded.ts'

/** Rows of a table by their keys, in hexadecimal. */
export type RowsOf = (table: Table) => ReadonlyMap<string, Uint8Array>

/** Reads the tables that one row says something about another of. */
export async function readTables(rows: Rows): Promise<RowsOf> {
  const tables = new Map<Table, Map<string, Uint8Array>>()
  for (const table of TABLES) {
    const found = new Map<string, Uint8Array>()
    await rows.scan(
      table,
      (key, value) => void found.set(Buffer.from(key).toString('hex'), Buffer.from(value)),
    )
    tables.set(table, found)
  }
  return (table) => tables.get(table) ?? new Map()
}

const TABLES: readonly Table[] = [
  ...(['registrations', 'liveness', 'mailbox', 'payloads'] as const),
  ...(['terms', 'races', 'calls', 'cancels'] as const),
]

/** What nobody needs any more, or lacks what it belongs to, in the rows of the embedded engine. A line each. */
export function leftOver(tables: RowsOf): readonly string[] {
  const mailboxes = tables('mailbox')
  const registered = new Set(tables('registrations').keys())
  const running = new Set([...tables('terms').values()].map((value) => Buffer.from(value).readDoubleBE(8)))
  const shared = payloadRanges(tables('payloads'))
  const sequences = [...mailboxes.keys()].map(sequenceOf)
  const covering = (sequence: number) => shared.some(({ from, to }) => from <= sequence && sequence < to)
  return [
    ...[...mailboxes.keys()]
      .filter((key) => !registered.has(key.slice(16, 32)))
      .map((key) => `entry ${key} of no registration`),
    ...[...tables('terms').keys()]
      .filter((key) => !mailboxes.has(key))
      .map((key) => `terms ${key} of no entry`),
    ...[...tables('races').keys()]
      .filter((key) => !running.has(Number(Buffer.from(key, 'hex').readBigUInt64BE())))
      .map((key) => `race ${key} that nobody runs`),
    ...[...mailboxes]
      .filter(([key, row]) => covering(sequenceOf(key)) !== (row.length === 1))
      .map(([key]) => `entry ${key} whose payload is nowhere, or in two places`),
    ...shared
      .filter(({ from, to }) => !sequences.some((sequence) => from <= sequence && sequence < to))
      .map(({ from }) => `payload ${from} that nobody needs`),
    ...[...tables('cancels').keys()]
      .filter((key) => !tables('calls').has(key))
      .map((key) => `cancelling event ${key} without its call`),
  ]
}

/** How many entries each registration has, by its id. */
export function depthsOf(tables: RowsOf): ReadonlyMap<number, number> {
  const depths = new Map<number, number>()
  for (const key of tables('mailbox').keys()) {
    const registrationId = Number(Buffer.from(key, 'hex').readBigUInt64BE(8))
    depths.set(registrationId, (depths.get(registrationId) ?? 0) + 1)
  }
  return depths
}

/** The sequences of the entries that share each payload. */
function payloadRanges(payloads: ReadonlyMap<string, unknown>) {
  return [...payloads.keys()].map((key) => {
    const from = sequenceOf(key)
    return { from, to: from + Buffer.from(key, 'hex').readUInt32BE(8) }
  })
}

function sequenceOf(key: string): number {
  return Number(Buffer.from(key, 'hex').readBigUInt64BE())
}
