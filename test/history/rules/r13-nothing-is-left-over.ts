import type { Numbered, Recount } from '../lines.ts'
import type { Life } from '../picture/lives.ts'
import type { Picture } from '../picture/picture.ts'
import type { Judge, Rule } from './rule.ts'

export const NOTHING_IS_LEFT_OVER: Rule = {
  name: 'R13',
  title: 'at the end what is counted is what the service believes, and nothing is there that nobody has',
  watch: (picture, judge) => ({
    take({ number, line }) {
      if (line.kind !== 'recount') return
      const recount = { number, line }
      judgeTotals(judge, recount)
      const { depths } = line
      if (depths === undefined) return
      for (const life of picture.lives.all()) judgeLife(picture, judge, life, depths, recount)
    },
  }),
}

function judgeTotals(judge: Judge, recount: Numbered<Recount>): void {
  const { totals, counted, orphans = [] } = recount.line
  for (const name of new Set([...Object.keys(totals), ...Object.keys(counted)]))
    if (totals[name] === counted[name]) judge.holds()
    else
      judge.violated(`${name}: ${totals[name]} by the service's totals, ${counted[name]} counted`, [recount])
  for (const orphan of orphans) judge.violated(`${orphan} is there, and nobody has it`, [recount])
}

function judgeLife(
  { nowMs, settled, links }: Picture,
  judge: Judge,
  life: Life,
  depths: NonNullable<Recount['depths']>,
  recount: Numbered<Recount>,
) {
  const { endpoint } = life
  const depth = depths[endpoint]
  if (depth === undefined) {
    if (!life.isCertainAt(nowMs)) return
    return judge.violated(`${endpoint} is not there, and lives`, [...life.certainBy, recount])
  }
  if (!life.mayLive) return judge.violated(`${endpoint} is there, and has ended`, [recount])
  const hold = links.holding(endpoint)
  // Only of whom everything has come it is known how much can wait.
  if (settled === undefined || hold === undefined || hold.up.number > settled.number) return judge.open()
  if (depth <= hold.open.size) return judge.holds()
  judge.violated(`${depth} events wait for ${endpoint}, which has had all but ${hold.open.size}`, [
    hold.up,
    settled,
    recount,
  ])
}
