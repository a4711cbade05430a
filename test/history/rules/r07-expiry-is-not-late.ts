import type { Numbered } from '../lines.ts'
import { type Call, type Glimpse, isAbout, linesOf } from '../picture/calls.ts'
import type { Picture } from '../picture/picture.ts'
import type { Judge, Rule } from './rule.ts'

const LATE_MS_MAX = 1000
/** Until others see to what a node did that is gone. */
const LATE_AFTER_FAULT_MS_MAX = 2000

export const EXPIRY_IS_NOT_LATE: Rule = {
  name: 'R7',
  title:
    'who was not kept alive is gone a second after its period (two after a fault), and the time of an outage',
  watch: (picture, judge) => ({
    take({ number, line }) {
      if (line.kind === 'expired' && picture.expired !== undefined)
        judgeLateness(picture, judge, picture.expired, line.atMs, [{ number, line }])
      if (line.kind === 'end' && picture.call !== undefined) judgeCall(picture, judge, picture.call)
    },
  }),
}

/** What is answered as of somebody who lives. */
function judgeCall(picture: Picture, judge: Judge, call: Call) {
  const [one] = call.about
  if (one === undefined || !isSignOfLife(call)) return
  const { atMs } = call.begin.line
  const { registering, registeredAtMs, mayBeginUntilMs } = one.life
  // Somebody may have registered it meanwhile.
  if (registering > 0 || Math.max(registeredAtMs, mayBeginUntilMs) >= atMs) return judge.open()
  judgeLateness(picture, judge, one, atMs, linesOf(call))
}

function isSignOfLife(call: Call): boolean {
  if (call.end?.line.outcome !== 'ok') return false
  const { present, count = 0 } = call.end.line
  if (isAbout(call, 'keepalive', 'unregister', 'connect')) return true
  if (isAbout(call, 'look')) return present === true
  // A key may give an answer of long ago.
  return (
    isAbout(call, 'send') &&
    call.begin.line.endpoint !== undefined &&
    call.begin.line.key === undefined &&
    count > 0
  )
}

/** @param atMs when it lived still, or was seen to expire */
function judgeLateness(
  picture: Picture,
  judge: Judge,
  { life, latest }: Glimpse,
  atMs: number,
  signs: readonly Numbered[],
) {
  // Whom it never saw registered, it knows no period of; nor while it is under way.
  if (!Number.isFinite(latest.ms)) return judge.open()
  const lateMs = atMs - latest.ms
  if (lateMs <= LATE_MS_MAX) return judge.holds()
  const fault = picture.faults.within(latest.ms - LATE_MS_MAX, atMs)
  if (lateMs <= LATE_AFTER_FAULT_MS_MAX && fault !== undefined) return judge.holds()
  judge.violated(`${life.endpoint} was there ${Math.floor(lateMs)} ms after its period`, [
    ...latest.by,
    fault,
    ...signs,
  ])
}
