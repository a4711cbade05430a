import type { HistoryRecord } from '@rollcall/client'

/** Somebody to whom an event was sent, and the newest of these. */
export type RecentPerson = { readonly userId: string; readonly newest: HistoryRecord }

/** Who events were sent to, each once, newest first; from records newest first. Pure. */
export function recentPeople(records: readonly HistoryRecord[]): readonly RecentPerson[] {
  const people = new Map<string, HistoryRecord>()
  for (const record of records) if (!people.has(record.userId)) people.set(record.userId, record)
  return [...people].map(([userId, newest]) => ({ userId, newest }))
}
