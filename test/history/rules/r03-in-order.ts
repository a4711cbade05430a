import type { Delivery, EndpointName, Numbered } from '../lines.ts'
import { isOk, linesOf } from '../picture/calls.ts'
import type { Event } from '../picture/events.ts'
import type { Picture } from '../picture/picture.ts'
import type { Judge, Rule } from './rule.ts'

/** What an endpoint got first that was sent last. */
type Newest = {
  readonly beganMs: number
  readonly event: Event
  readonly delivery: Numbered<Delivery>
  /** The endpoint's when it came: it was in no later mailbox. */
  readonly era: number
}

export const IN_ORDER: Rule = {
  name: 'R3',
  title: 'of two QoS 1 events to an endpoint, the one answered before the other was sent arrives first',
  watch(picture, judge) {
    const newest = new Map<EndpointName, Newest>()
    return {
      take({ number, line }) {
        if (line.kind !== 'delivery' || picture.before?.first !== undefined) return
        const event = picture.events.find(line.eventId)
        // At QoS 0 events overtake; what cancels others is sent by nobody's call.
        if (event === undefined || event.sends.length === 0) return
        if (!event.sends.every(({ begin }) => begin.line.qos === 1)) return
        const before = newest.get(line.endpoint)
        const isLate = judgeLate(judge, event, { number, line }, before)
        const beganMs = Math.min(...event.sends.map(({ begin }) => begin.line.atMs))
        if (before === undefined || beganMs > before.beganMs)
          newest.set(line.endpoint, {
            ...{ beganMs, event, delivery: { number, line } },
            era: picture.lives.of(line.endpoint).era,
          })
        if (!isLate) judgeMissing(picture, judge, { number, line }, event, beganMs)
      },
    }
  },
}

/** Something was there before it that was sent after its answer. */
function judgeLate(
  judge: Judge,
  event: Event,
  delivery: Numbered<Delivery>,
  newest: Newest | undefined,
): boolean {
  const answered = event.sends.find(isOk)?.end
  if (newest === undefined || answered === undefined) return false
  if (answered.line.atMs >= newest.beganMs) return false
  if (!wereInOneMailbox(event, delivery.line.endpoint, newest)) {
    judge.open()
    return true
  }
  judge.violated(
    `${delivery.line.endpoint} got ${newest.event.id} before ${event.id}, which was sent before it`,
    [...event.sends.flatMap(linesOf), ...newest.event.sends.flatMap(linesOf), newest.delivery, delivery],
  )
  return true
}

/**
 * Whether nobody can have ended the registration between them: what a former link had been given of a former mailbox may come
 * when there is a newer one.
 */
function wereInOneMailbox({ sends }: Event, endpoint: EndpointName, { era }: Newest): boolean {
  return sends.every(({ about }) => about.find(({ life }) => life.endpoint === endpoint)?.era === era)
}

/** Something is not there that was answered before this was sent. */
function judgeMissing(
  picture: Picture,
  judge: Judge,
  delivery: Numbered<Delivery>,
  event: Event,
  beganMs: number,
): void {
  const { endpoint } = delivery.line
  for (const debt of picture.debts.of(endpoint)) {
    if (debt.call === undefined || debt.event === event) continue
    const answeredAtMs = debt.call.end?.line.atMs ?? Number.POSITIVE_INFINITY
    // They stand in the order of their answers.
    if (answeredAtMs >= beganMs) break
    if (picture.mayHaveEnded(debt)) continue
    judge.violated(`${endpoint} got ${event.id} before ${debt.event.id}, which was sent before it`, [
      ...debt.by,
      ...event.sends.flatMap(linesOf),
      delivery,
    ])
    return
  }
  judge.holds()
}
