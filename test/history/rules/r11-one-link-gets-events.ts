import type { Hold } from '../picture/links.ts'
import type { Picture } from '../picture/picture.ts'
import type { Rule } from './rule.ts'

const QUIET_MS = 2000

export const ONE_LINK_GETS_EVENTS: Rule = {
  name: 'R11',
  title: 'after two seconds of quiet one link at most gets the events of an endpoint',
  watch: (picture, judge) => ({
    take({ number, line }) {
      if (line.kind !== 'delivery') return
      const hold = picture.links.find(line.link, line.endpoint)
      if (hold === undefined)
        return judge.violated(`${line.endpoint} got ${line.eventId} over a link that is not subscribed`, [
          { number, line },
        ])
      if (hold.successor === undefined || !isReplaced(picture, hold.successor)) return judge.holds()
      judge.violated(`${line.endpoint} got ${line.eventId} over a link that another has replaced`, [
        hold.up,
        hold.successor.up,
        { number, line },
      ])
    },
  }),
}

/** Whether the newer link has had its time, without anything that kept the service from looking after it. */
function isReplaced({ faults, nowMs }: Picture, { up }: Hold): boolean {
  const { atMs } = up.line
  return nowMs > atMs + QUIET_MS && faults.within(atMs, nowMs) === undefined
}
