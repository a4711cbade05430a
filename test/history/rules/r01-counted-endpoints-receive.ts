import { type Call, isAbout, linesOf } from '../picture/calls.ts'
import type { Debt } from '../picture/debts.ts'
import type { Picture } from '../picture/picture.ts'
import type { Judge, Rule } from './rule.ts'

/** A link has so long to be sent what waits, at the end of a history. */
const CATCH_UP_MS = 2000

export const COUNTED_ENDPOINTS_RECEIVE: Rule = {
  name: 'R1',
  title: 'an event answered with a count reaches every endpoint counted, or ends in a way that is documented',
  watch: (picture, judge) => ({
    take({ line }) {
      const { call } = picture
      if (line.kind === 'end' && line.outcome === 'ok' && call !== undefined && isAbout(call, 'send'))
        judgeCount(picture, judge, call, line.count ?? 0)
      if (line.kind === 'settled') for (const debt of picture.debts.all()) judgeDebt(picture, judge, debt)
    },
    finish: () => judge.holds(picture.debts.paid),
  }),
}

/** Nobody is counted who cannot be there. */
function judgeCount(picture: Picture, judge: Judge, call: Call, count: number) {
  if (!isAbout(call, 'send')) return
  const { line } = call.begin
  if (call.end?.line.outcome === 'ok' && (call.end.line.eventId ?? line.eventId) !== line.eventId) return
  // Who was there meanwhile may be gone by now.
  if (picture.keys.isRepeated(call)) return judge.open()
  const possible = new Set(call.about.filter(({ mayLive }) => mayLive).map(({ life }) => life))
  const now = line.endpoint === undefined ? picture.lives.ofUser(line.to) : call.about.map(({ life }) => life)
  for (const life of now) if (life.mayLive || life.mayHaveLivedMs >= line.atMs) possible.add(life)
  if (count <= possible.size) judge.holds()
  else
    judge.violated(
      `${line.eventId} was counted for ${count} endpoints, and there can be ${possible.size}`,
      linesOf(call),
    )
}

function judgeDebt(picture: Picture, judge: Judge, debt: Debt) {
  const { settled, links } = picture
  const hold = links.holding(debt.life.endpoint)
  if (settled === undefined || hold === undefined || picture.mayHaveEnded(debt)) return judge.open()
  const isReady = hold.up.line.atMs <= settled.line.atMs - CATCH_UP_MS
  // Whom nobody prolonged may have expired meanwhile.
  if (!isReady || !debt.life.isCertainAt(settled.line.atMs)) return judge.open()
  judge.violated(`${debt.life.endpoint} never got ${debt.event.id}, which was promised to it`, [
    ...debt.by,
    ...debt.life.certainBy,
    hold.up,
    settled,
  ])
}
