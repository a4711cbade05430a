import type { HistoryRecord } from '@rollcall/client'

/** The event's type. The server accepts none without, so what stands in for one is for answers of strangers. */
export function typeOf({ event }: Pick<HistoryRecord, 'event'>): string {
  const type = event['type']
  return typeof type === 'string' ? type : '(no type)'
}
