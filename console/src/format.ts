/** Pure: numbers and times as people read them. */

const DAY_MS = 86_400_000
const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', DAY_MS],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
]

/** A span with its two greatest units: `2 h 5 min`, `42 s`, `0 s`. */
export function span(ms: number): string {
  let rest = Math.max(0, Math.round(ms / 1_000)) * 1_000
  const first = UNITS.findIndex(([, unitMs]) => rest >= unitMs)
  if (first === -1) return '0 s'
  const parts = UNITS.slice(first, first + 2).map(([unit, unitMs]) => {
    const count = Math.floor(rest / unitMs)
    rest -= count * unitMs
    return count === 0 ? '' : `${count} ${unit}`
  })
  return parts.filter((part) => part !== '').join(' ')
}

/** `just now`, `42 s ago`; an instant ahead of this clock is just now. */
export function ago(atMs: number, nowMs: number): string {
  return nowMs - atMs < 1_000 ? 'just now' : `${span(nowMs - atMs)} ago`
}

/** Time of day of an instant; with its date where that is not today. */
export function clockTime(at: string, nowMs: number): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return at
  const time = date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' })
  if (date.toDateString() === new Date(nowMs).toDateString()) return time
  return `${date.toLocaleDateString([], { month: 'short', day: 'numeric' })}, ${time}`
}

/** A whole number with separators: `1,234,567`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** A duration in milliseconds at the precision it deserves: `0.24 ms`, `12 ms`, `1.3 s`. */
export function duration(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(1)} s`
  if (ms >= 10) return `${Math.round(ms)} ms`
  return `${ms.toFixed(ms >= 1 ? 1 : 2)} ms`
}

/** An instant in full, with its zone: for who wants to be sure. */
export function fullTime(at: string): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return at
  return `${date.toLocaleString([], { dateStyle: 'medium', timeStyle: 'long' })} · ${at}`
}

/** The zone of this browser: `Europe/Berlin, GMT+2`. */
export function zoneName(): string {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions()
  const parts = new Intl.DateTimeFormat([], { timeZoneName: 'shortOffset' }).formatToParts(new Date())
  const offset = parts.find(({ type }) => type === 'timeZoneName')?.value
  return offset === undefined || timeZone === 'UTC' ? timeZone : `${timeZone}, ${offset}`
}
