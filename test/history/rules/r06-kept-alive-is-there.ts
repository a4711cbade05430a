import type { Numbered } from '../lines.ts'
import { type Call, isAbout, linesOf } from '../picture/calls.ts'
import { isAbsent } from '../picture/life-rules.ts'
import type { Picture } from '../picture/picture.ts'
import type { Judge, Rule } from './rule.ts'

export const KEPT_ALIVE_IS_THERE: Rule = {
  name: 'R6',
  title:
    'who registered or was kept alive neither expires, nor is refused, nor missing, before its period is over',
  watch: (picture, judge) => ({
    take({ number, line }) {
      if (line.kind === 'end' && picture.call !== undefined) judgeCall(picture, judge, picture.call)
      if (line.kind === 'expired') judgeExpiry(picture, judge, line.endpoint, { number, line })
    },
  }),
}

function judgeCall(picture: Picture, judge: Judge, call: Call) {
  if (isAbout(call, 'send')) return judgeCount(picture, judge, call)
  const [one] = call.certain
  if (one === undefined || isAbout(call, 'answer', 'revoke', 'token')) return
  if (!isAbsent(call)) return judge.holds()
  judge.violated(`${one.life.endpoint} was told to be unknown in its period`, [...one.by, ...linesOf(call)])
}

/** Whoever surely lives and has room is counted. */
function judgeCount(picture: Picture, judge: Judge, call: Call) {
  const answer = call.end?.line
  if (answer?.outcome !== 'ok' || !isAbout(call, 'send')) return
  const { eventId, qos } = call.begin.line
  if (answer.eventId !== undefined && answer.eventId !== eventId) return
  const living = call.certain.filter(({ life }) => qos === 0 || !picture.mayBeFull(life))
  const { count } = answer
  if (living.length === 0 || count === undefined) return
  if (count >= living.length) return judge.holds()
  const names = living.map(({ life }) => life.endpoint).join(', ')
  judge.violated(`${eventId} was counted for ${count} of ${living.length} that live: ${names}`, [
    ...living.flatMap(({ by }) => by),
    ...linesOf(call),
  ])
}

/** The picture has the end of it already: judged by what it was. */
function judgeExpiry(picture: Picture, judge: Judge, endpoint: string, line: Numbered) {
  const { expired: before } = picture
  if (before === undefined) return
  if (before.certainUntilMs <= picture.nowMs) return judge.holds()
  const leftMs = Math.ceil(before.certainUntilMs - picture.nowMs)
  judge.violated(`${endpoint} expired ${leftMs} ms before its time`, [...before.by, line])
}
