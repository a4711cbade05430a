/** The stretch of time that a chart shows, up to its newest point, and how it is divided. */
export type TimeAxis = {
  readonly windowMs: number
  /** For who cannot see it: `the last 5 minutes`. */
  readonly name: string
  /** The crosshair is shared by all charts of the same name. */
  readonly crosshair: string
  /** Where marks are, seconds since 1970, where it ends there. */
  marks(endSeconds: number): number[]
  text(atSeconds: number, endSeconds: number): string
}

const MINUTES_AGO = [4, 3, 2, 1, 0]
const HOURS_APART = 4

export const MINUTES_AXIS: TimeAxis = {
  windowMs: 300_000,
  name: 'the last 5 minutes',
  crosshair: 'rollcall.now',
  marks: (end) => MINUTES_AGO.map((minutes) => end - minutes * 60),
  text(at, end) {
    const minutes = Math.round((end - at) / 60)
    return minutes === 0 ? 'now' : `−${minutes} min`
  },
}

export const DAY_AXIS: TimeAxis = {
  windowMs: 86_400_000,
  name: 'the last 24 hours',
  crosshair: 'rollcall.day',
  marks: hoursOfTheDay,
  text: (at) =>
    new Date(at * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
}

/** Every fourth hour by the clock of this browser. */
function hoursOfTheDay(endSeconds: number): number[] {
  const marks: number[] = []
  const at = new Date(endSeconds * 1000)
  at.setMinutes(0, 0, 0)
  at.setHours(at.getHours() - (at.getHours() % HOURS_APART))
  for (; at.getTime() / 1000 > endSeconds - 86_400; at.setHours(at.getHours() - HOURS_APART))
    marks.unshift(at.getTime() / 1000)
  return marks
}
