import type { Numbered } from '../lines.ts'
import { type Call, isAbout, linesOf } from '../picture/calls.ts'
import type { Event } from '../picture/events.ts'
import type { Picture } from '../picture/picture.ts'
import type { Judge, Rule } from './rule.ts'

export const RECEIPTS_HAPPENED: Rule = {
  name: 'R8',
  title: 'no receipt is told that nobody has sent',
  watch: (picture, judge) => ({
    take({ number, line }) {
      const { call } = picture
      if (line.kind === 'end' && call !== undefined && isAbout(call, 'send'))
        judgeAnswer(picture, judge, call)
      if (line.kind === 'told' && line.type === 'UserEventAcknowledgedEvent')
        judgeClaim(picture, judge, line.eventId, line.endpoint, { number, line })
      if (line.kind === 'outcomes')
        for (const [endpoint, outcome] of Object.entries(line.endpoints))
          if (outcome === 'acknowledged') judgeClaim(picture, judge, line.eventId, endpoint, { number, line })
    },
  }),
}

function judgeAnswer(picture: Picture, judge: Judge, call: Call) {
  const answer = call.end?.line
  if (answer?.outcome !== 'ok' || answer.acknowledged === undefined || !isAbout(call, 'send')) return
  const event = picture.events.find(answer.eventId ?? call.begin.line.eventId)
  if (event === undefined) return judge.open()
  const endpoints = call.about.map(({ life }) => life.endpoint)
  const taken = [...event.takers.values()]
  const had = new Set([
    ...event.takers.keys(),
    ...endpoints.filter((one) => mayHaveTaken(picture, event, one)),
  ])
  if (answer.acknowledged <= had.size) return judge.holds()
  judge.violated(`${answer.acknowledged} receipts of ${event.id} were told, and ${had.size} had happened`, [
    ...linesOf(call),
    ...taken,
  ])
}

function judgeClaim(
  picture: Picture,
  judge: Judge,
  eventId: string | undefined,
  endpoint: string | undefined,
  claim: Numbered,
) {
  const event = eventId === undefined ? undefined : picture.events.find(eventId)
  if (event === undefined || endpoint === undefined) return judge.open()
  if (event.takers.has(endpoint) || mayHaveTaken(picture, event, endpoint)) return judge.holds()
  const lines = (event.cancels ?? event).sends.flatMap(linesOf)
  judge.violated(`${endpoint} is told to have acknowledged ${eventId}, and has not`, [...lines, claim])
}

/** At QoS 0 the socket's taking it is the acknowledgement, and the client may not have seen it yet. */
function mayHaveTaken({ links }: Picture, { sends, cancels }: Event, endpoint: string): boolean {
  const beganMs = (sends[0] ?? cancels?.sends[0])?.begin.line.atMs ?? Number.POSITIVE_INFINITY
  return links.wasSilentSince(endpoint, beganMs)
}
