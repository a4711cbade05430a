import type { Delivery, Send } from '../lines.ts'
import { type Call, linesOf } from '../picture/calls.ts'
import type { Event } from '../picture/events.ts'
import { userOf } from '../picture/lives.ts'
import type { Picture } from '../picture/picture.ts'
import type { Rule } from './rule.ts'

/** From the last look at the time to the client's own clock. */
const ON_THE_WAY_MS_MAX = 2000

export const NOTHING_ELSE_ARRIVES: Rule = {
  name: 'R2',
  title: 'nothing arrives that was not sent, not to this endpoint, not like this, or whose lifetime is over',
  watch: (picture, judge) => ({
    take({ number, line }) {
      if (line.kind !== 'delivery') return
      const event = picture.events.find(line.eventId)
      // One that only was in somebody's words is none.
      if (event === undefined || (event.sends.length === 0 && event.cancels === undefined)) {
        if (picture.events.isForgotten(line.eventId)) judge.open()
        else judge.violated(`${line.endpoint} got ${line.eventId}, which nobody had sent`, [{ number, line }])
        return
      }
      const complaint = complaintAbout(picture, line, event)
      if (complaint === undefined) judge.holds()
      else
        judge.violated(`${line.endpoint} got ${line.eventId} ${complaint}`, [
          ...(event.cancels ?? event).sends.flatMap(linesOf),
          { number, line },
        ])
    },
  }),
}

function complaintAbout(picture: Picture, delivery: Delivery, event: Event): string | undefined {
  const origin = event.sends.length === 0 ? event.cancels : event
  const counting = origin?.counting ?? []
  if (counting.length === 0) return 'though it was refused'
  const addressed = counting.filter(({ begin }) => isFor(begin, delivery, origin !== event))
  if (addressed.length === 0) return 'which was for somebody else'
  const digests = addressed.map(({ begin }) =>
    origin === event ? begin.line.digest : begin.line.cancelOthers?.digest,
  )
  const isAltered = digests.every((digest) => digest !== undefined && digest !== delivery.digest)
  if (delivery.digest !== undefined && isAltered) return 'altered on the way'
  if (origin !== event) return undefined
  if (delivery.qos === 1 && addressed.every(({ begin }) => begin.line.qos === 0))
    return 'at QoS 1 instead of 0'
  return lateness(picture, delivery, addressed)
}

function isFor({ line }: Call<Send>['begin'], { endpoint }: Delivery, isCancel: boolean): boolean {
  if (line.to !== userOf(endpoint)) return false
  // Others are told than the one that was first: of a named endpoint there is no other.
  return isCancel || line.endpoint === undefined || line.endpoint === endpoint
}

function lateness(picture: Picture, { atMs }: Delivery, sends: readonly Call<Send>[]): string | undefined {
  const { faults, settings } = picture
  const overAtMs = Math.max(...sends.map((call) => overAt(call, settings.lateEffectMs)))
  const lateMs = atMs - overAtMs - settings.clockSkewMs
  if (!(lateMs > ON_THE_WAY_MS_MAX)) return undefined
  const beganMs = Math.min(...sends.map(({ begin }) => begin.line.atMs))
  // What was handed over in time may have stood still with whoever had it.
  if (faults.jumpedAtMs >= beganMs || faults.within(overAtMs - ON_THE_WAY_MS_MAX, atMs) !== undefined)
    return undefined
  return `${lateMs} ms after its lifetime`
}

/** When its lifetime is over at the latest; infinity: it has none. */
function overAt({ begin, end }: Call<Send>, lateEffectMs: number): number {
  const { atMs, lifetimeMs = Number.POSITIVE_INFINITY } = begin.line
  const acceptedAtMs = end?.line.outcome === 'ok' ? end.line.atMs : atMs + lateEffectMs
  return acceptedAtMs + lifetimeMs
}
