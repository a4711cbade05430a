/** Between an instant of the API, in UTC, and what `<input type="datetime-local">` has: the time where one looks. */

/** `2026-01-01T13:00:00`; empty where there is no instant. */
export function toLocal(instant: string | undefined): string {
  const date = new Date(instant ?? '')
  if (Number.isNaN(date.getTime())) return ''
  const day = [padded(date.getFullYear(), 4), padded(date.getMonth() + 1), padded(date.getDate())]
  const time = [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => padded(part))
  return `${day.join('-')}T${time.join(':')}`
}

/** `2026-01-01T12:00:00.000Z`; `undefined` where nothing is filled in. */
export function toInstant(local: string): string | undefined {
  const atMs = Date.parse(local)
  return Number.isNaN(atMs) ? undefined : new Date(atMs).toISOString()
}

function padded(part: number, digits = 2): string {
  return String(part).padStart(digits, '0')
}
