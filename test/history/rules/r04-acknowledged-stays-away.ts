import type { Delivery, Numbered } from '../lines.ts'
import type { Copy, Event } from '../picture/events.ts'
import type { Picture } from '../picture/picture.ts'
import type { Judge, Rule } from './rule.ts'

/** A PUBACK survives whatever happens so much later. */
const SOON_MS = 1000

export const ACKNOWLEDGED_STAYS_AWAY: Rule = {
  name: 'R4',
  title: 'what was acknowledged does not come again, nor anything twice over one link, or twice at QoS 0',
  watch: (picture, judge) => ({
    take({ number, line }) {
      const { before } = picture
      if (line.kind !== 'delivery' || before?.latest === undefined) return
      const event = picture.events.find(line.eventId)
      // Sent by several calls it may be there as often.
      if (event === undefined || !(event.cancels ?? event).isOneCopy) return judge.open()
      judgeAgain(picture, judge, event, before, before.latest, { number, line })
    },
  }),
}

function judgeAgain(
  picture: Picture,
  judge: Judge,
  event: Event,
  { acknowledged }: Copy,
  latest: Numbered<Delivery>,
  delivery: Numbered<Delivery>,
) {
  const { endpoint, link } = delivery.line
  const name = `${endpoint} got ${event.id} again`
  if (event.sends.length > 0 && event.sends.every(({ begin }) => begin.line.qos === 0))
    return judge.violated(`${name}, at QoS 0`, [latest, delivery])
  const hold = picture.links.find(link, endpoint)
  if (latest.line.link === link && hold !== undefined && hold.up.number < latest.number)
    return judge.violated(`${name} over the same link`, [hold.up, latest, delivery])
  if (acknowledged === undefined || delivery.line.atMs <= acknowledged.line.atMs + SOON_MS)
    return judge.holds()
  if (mayBeLost(picture, acknowledged)) return judge.open()
  judge.violated(`${name}, ${delivery.line.atMs - acknowledged.line.atMs} ms after it had acknowledged it`, [
    latest,
    acknowledged,
    delivery,
  ])
}

/** Whether a PUBACK may not have arrived, or its effect not have survived. */
function mayBeLost({ faults, links }: Picture, { line }: NonNullable<Copy['acknowledged']>): boolean {
  const untilMs = line.atMs + SOON_MS
  if (faults.within(line.atMs, untilMs) !== undefined) return true
  const isHeard = line.kind === 'delivery' || line.isHeard === true
  const hold = links.find(line.link, line.endpoint)
  return !isHeard && (hold === undefined || (hold.down?.line.atMs ?? Number.POSITIVE_INFINITY) <= untilMs)
}
