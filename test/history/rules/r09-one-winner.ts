import type { EndpointName, Numbered } from '../lines.ts'
import { type Call, isAbout, isOk, linesOf } from '../picture/calls.ts'
import type { Event } from '../picture/events.ts'
import type { Life } from '../picture/lives.ts'
import type { Picture } from '../picture/picture.ts'
import type { Judge, Rule } from './rule.ts'

/** One event that is over for the others once one has it. */
type Race = {
  readonly event: Event
  readonly over: Event | undefined
  readonly on: 'acknowledged' | 'answered'
  /** Who was surely counted, as which registration. */
  readonly lives: readonly { readonly life: Life; readonly era: number }[]
  /** Nobody else can have been counted. */
  readonly isWhole: boolean
}

/** Who was told to be the first, or to others. */
type Winner = { readonly endpoint: EndpointName; readonly by: readonly Numbered[] }

export const ONE_WINNER: Rule = {
  name: 'R9',
  title:
    'a race has one winner; only then, and once, everybody else still counted is told, and not the winner',
  watch(picture, judge) {
    const races = new Map<string, Race>()
    const winners = new Map<string, Winner>()
    return {
      take({ number, line }) {
        const { call } = picture
        if (line.kind === 'end' && call !== undefined) {
          if (isAbout(call, 'send')) begin(picture, races, call)
          judgeWinner(picture, judge, winners, call)
        }
        if (line.kind === 'delivery') judgeTold(picture, judge, winners, { number, line })
        if (line.kind === 'outcomes' && line.answeredBy !== undefined) {
          const event = picture.events.find(line.eventId)
          if (event !== undefined)
            win(judge, winners, event, siblingOf(event, line.answeredBy), [{ number, line }])
        }
        if (line.kind === 'settled')
          for (const race of races.values()) judgeRace(picture, judge, winners, race)
        if (number % 4096 === 0) forget(picture, races, winners)
      },
    }
  },
}

function begin(picture: Picture, races: Map<string, Race>, call: Call): void {
  if (!isAbout(call, 'send') || call.end?.line.outcome !== 'ok') return
  const { eventId, cancelOthers } = call.begin.line
  const event = picture.events.find(eventId)
  const answer = call.end.line
  if (cancelOthers === undefined || event === undefined || !event.isOneCopy) return
  if ((answer.eventId ?? eventId) !== eventId) return
  const lives = call.certain.filter(({ life }) => !picture.mayBeFull(life))
  if ((answer.count ?? 0) < lives.length) return
  const isWhole = answer.count === lives.length
  races.set(eventId, {
    event,
    over: event.cancelledBy,
    on: cancelOthers.on,
    lives: lives.map(({ life }) => ({ life, era: life.era })),
    isWhole,
  })
  event.isHeld = true
  if (event.cancelledBy !== undefined) event.cancelledBy.isHeld = true
}

/** Whatever an answer says of who was the first. */
function judgeWinner(picture: Picture, judge: Judge, winners: Map<string, Winner>, call: Call) {
  const answer = call.end?.line
  if (isAbout(call, 'answer')) {
    const { eventId, endpoint } = call.begin.line
    const event = picture.events.find(eventId)
    if (event === undefined) return
    if (isOk(call)) return win(judge, winners, event, endpoint, linesOf(call))
    if (answer?.outcome !== 'refused' || answer.error !== 'answered_elsewhere') return
    const other = siblingOf(event, answer.answeredBy ?? '', endpoint)
    if (other === endpoint)
      return judge.violated(`${endpoint} was told that it answered ${eventId} elsewhere`, linesOf(call))
    return win(judge, winners, event, other, linesOf(call))
  }
  if (!isAbout(call, 'send') || answer?.outcome !== 'ok' || answer.answeredBy === undefined) return
  const event = picture.events.find(answer.eventId ?? call.begin.line.eventId)
  if (event !== undefined)
    win(judge, winners, event, `${call.begin.line.to}/${answer.answeredBy}`, linesOf(call))
}

/** The endpoint of the event's user with this id. */
function siblingOf(event: Event, userEndpointId: string, sibling?: EndpointName): EndpointName {
  const user = event.sends[0]?.begin.line.to ?? sibling?.slice(0, sibling.lastIndexOf('/')) ?? ''
  return `${user}/${userEndpointId}`
}

function forget(picture: Picture, races: Map<string, Race>, winners: Map<string, Winner>): void {
  for (const [id, race] of races) if (isOver(picture, race)) races.delete(id)
  for (const id of winners.keys()) if (picture.events.find(id) === undefined) winners.delete(id)
}

function win(
  judge: Judge,
  winners: Map<string, Winner>,
  event: Event,
  endpoint: EndpointName,
  by: readonly Numbered[],
) {
  // Sent again after an answer it is another race.
  if (!event.isOneCopy) return judge.open()
  const known = winners.get(event.id)
  if (known !== undefined && known.endpoint !== endpoint)
    return judge.violated(`${event.id} has two winners: ${known.endpoint} and ${endpoint}`, [
      ...known.by,
      ...by,
    ])
  if (!event.answerers.has(endpoint))
    return judge.violated(`${endpoint} is said to have answered ${event.id}, and has not`, by)
  if (known === undefined) winners.set(event.id, { endpoint, by })
  const told = event.cancelledBy?.copies.get(endpoint)?.first
  if (told !== undefined && event.cancelOthers?.on === 'answered')
    return judge.violated(`${endpoint} was the first to answer ${event.id}, and was told to stop`, [
      ...by,
      told,
    ])
  judge.holds()
}

/** The end of a race comes after it, and not to its winner. */
function judgeTold(picture: Picture, judge: Judge, winners: Map<string, Winner>, delivery: Numbered) {
  if (delivery.line.kind !== 'delivery') return
  const { eventId, endpoint } = delivery.line
  const event = picture.events.find(eventId)?.cancels
  if (event === undefined) return
  const { on } = event.cancelOthers ?? {}
  const isSetOff =
    on === 'answered' ? event.answerers.size > 0 : event.takers.size > 0 || mayBeTaken(picture, event)
  if (!isSetOff)
    return judge.violated(`${endpoint} was told that ${event.id} is over, and nobody had it`, [
      ...event.sends.flatMap(linesOf),
      delivery,
    ])
  const winner = winners.get(event.id)
  if (on === 'answered' && winner?.endpoint === endpoint)
    return judge.violated(`${endpoint} was the first to answer ${event.id}, and was told to stop`, [
      ...winner.by,
      delivery,
    ])
  judge.holds()
}

/** At QoS 0 the socket's taking it is an acknowledgement that the client may not know of. */
function mayBeTaken({ lives, links }: Picture, { sends }: Event): boolean {
  const { to = '', atMs = 0 } = sends[0]?.begin.line ?? {}
  return lives.ofUser(to).some(({ endpoint }) => links.wasSilentSince(endpoint, atMs))
}

function hasBeenTold({ over }: Race, { endpoint }: Life): boolean {
  return over?.copies.get(endpoint)?.first !== undefined
}

/** Nobody is left who could have to be told. */
function isOver(picture: Picture, race: Race): boolean {
  const { event, over, lives, on } = race
  const isSetOff = on === 'answered' ? event.answerers.size > 0 : event.takers.size > 0
  const left = lives.filter(({ life, era }) => life.era === era && !hasBeenTold(race, life))
  const isDone = left.length === 0 || (isSetOff && left.length === 1)
  const isOld = !isSetOff && picture.nowMs - event.lastMs > 86_400_000
  if (!isDone && !isOld) return false
  event.isHeld = false
  if (over !== undefined) over.isHeld = false
  return true
}

/** Where its copy may have ended by itself an endpoint has no part in the race any more. */
function mayEndAlone({ sends }: Event): boolean {
  return sends.some(
    ({ begin }) => begin.line.lifetimeMs !== undefined || begin.line.collapseKey !== undefined,
  )
}

function judgeRace(picture: Picture, judge: Judge, winners: Map<string, Winner>, race: Race) {
  const { event, on, lives, isWhole } = race
  const { settled, links } = picture
  const winner = winners.get(event.id)
  if (settled === undefined || !event.isOneCopy || mayEndAlone(event)) return judge.open()
  if (on === 'answered' ? winner === undefined : event.takers.size === 0) return judge.open()
  const present = lives.filter(
    ({ life, era }) =>
      life.era === era && life.isCertainAt(settled.line.atMs) && links.holding(life.endpoint) !== undefined,
  )
  const untold = present.filter(({ life }) => !hasBeenTold(race, life)).map(({ life }) => life)
  const forgotten = untold.filter(({ endpoint }) =>
    on === 'answered' ? endpoint !== winner?.endpoint : !event.takers.has(endpoint),
  )
  // Of those who acknowledged one was the first, and the others' came too late or are among those told.
  const [first] = on === 'acknowledged' && untold.length - forgotten.length > 1 ? untold : forgotten
  const lines = [...event.sends.flatMap(linesOf), ...(winner?.by ?? []), ...event.takers.values()]
  if (first !== undefined)
    return judge.violated(`${first.endpoint} was not told that ${event.id} is over`, [
      ...lines,
      links.holding(first.endpoint)?.up,
      settled,
    ])
  if (
    on === 'acknowledged' &&
    isWhole &&
    untold.length === 0 &&
    present.length === lives.length &&
    lives.length > 1
  )
    return judge.violated(`everybody was told that ${event.id} is over, also who had it first`, lines)
  judge.holds()
}
