import type { DirectoryOperation } from '../lines.ts'
import { type Call, isAbout, isOk, linesOf, mayCount } from '../picture/calls.ts'
import type { Judge, Rule } from './rule.ts'

type Change = Call<Extract<DirectoryOperation, { op: 'change_entry' }>>
type Find = Call<Extract<DirectoryOperation, { op: 'find_entry' }>>

/** Changes of one entry that are remembered: whoever is answered with one of before is not judged. */
const CHANGES_MAX = 200

export const DIRECTORY_IS_IN_FORCE: Rule = {
  name: 'R14',
  title:
    'a change of the directory that was answered is in force at every node from then on, and is not lost',
  watch(picture, judge) {
    const byEntry = new Map<string, Change[]>()
    return {
      take({ line }) {
        const { call } = picture
        if (call === undefined) return
        if (line.kind === 'begin' && isAbout(call, 'change_entry')) remember(byEntry, call)
        if (line.kind === 'end' && isAbout(call, 'find_entry') && isOk(call))
          judgeFound(judge, call, byEntry.get(call.begin.line.entry) ?? [], picture.settings.lateEffectMs)
      },
    }
  },
}

function remember(byEntry: Map<string, Change[]>, call: Change): void {
  const { entry } = call.begin.line
  const changes = byEntry.get(entry) ?? []
  byEntry.set(entry, changes)
  changes.push(call)
  if (changes.length > CHANGES_MAX) changes.shift()
}

function judgeFound(judge: Judge, find: Find, changes: readonly Change[], lateEffectMs: number) {
  const { entry } = find.begin.line
  const value = find.end?.line.outcome === 'ok' ? find.end.line.value : undefined
  const settled = changes.filter((one) => isOk(one) && isBefore(one, find))
  if (settled.length === 0) return judge.open()
  const found = changes.filter((one) => one.begin.line.value === value && mayCount(one))
  // What it says may be from before those that are remembered.
  if (found.length === 0 && changes.length === CHANGES_MAX) return judge.open()
  const newer = settled.find((one) => found.every((old) => isOver(old, one, lateEffectMs)))
  if (newer === undefined) return judge.holds()
  judge.violated(`${entry} was ${value}, after it had been made ${newer.begin.line.value}`, [
    ...found.flatMap(linesOf),
    ...linesOf(newer),
    ...linesOf(find),
  ])
}

/** Whether it was answered before the other began. */
function isBefore(one: Call, other: Call): boolean {
  return one.end !== undefined && one.end.number < other.begin.number
}

/** Whether it was carried out before the other began, if ever. */
function isOver(one: Change, other: Change, lateEffectMs: number): boolean {
  if (isOk(one)) return isBefore(one, other)
  return one.begin.line.atMs + lateEffectMs < other.begin.line.atMs
}
