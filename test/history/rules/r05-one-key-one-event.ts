import { IDEMPOTENCY_TTL_MS } from '@rollcall/protocol/limits'
import type { Delivery, End, Numbered, Send } from '../lines.ts'
import { type Call, isAbout, isOk, linesOf } from '../picture/calls.ts'
import { FORGET_AFTER_MS } from '../picture/events.ts'
import type { Picture } from '../picture/picture.ts'
import type { Judge, Rule } from './rule.ts'

/** That an event was accepted under a key: an answer that names it, or that it came. */
type Sign = {
  readonly call: Call<Send>
  readonly eventId: string
  /** Of an answer. */
  readonly count?: number
  readonly by: Numbered<End> | Numbered<Delivery>
  /** It was accepted by then. */
  readonly acceptedByMs: number
}
/** What is known of a key since it was first used. */
type Key = { beganMs: number; lastMs: number; answer: Sign | undefined; arrival: Sign | undefined }

export const ONE_KEY_ONE_EVENT: Rule = {
  name: 'R5',
  title: 'one idempotency key has, for ten minutes, one answer and one event',
  watch(picture, judge) {
    const keys = new Map<string, Key>()
    return {
      take({ number, line }) {
        const { call } = picture
        if (line.kind === 'delivery') {
          if (picture.before?.first === undefined) judgeArrival(picture, judge, keys, { number, line })
        } else if (call !== undefined && isAbout(call, 'send')) {
          if (line.kind === 'begin') begin(keys, call)
          if (line.kind === 'end') judgeAnswer(picture, judge, keys, call, { number, line })
        }
        if (number % 4096 === 0) forget(keys, picture.nowMs)
      },
    }
  },
}

function placeOf({ begin }: Call<Send>): string {
  return JSON.stringify([begin.line.by, begin.line.key])
}

function begin(keys: Map<string, Key>, call: Call<Send>): void {
  const { key, atMs } = call.begin.line
  if (key === undefined || keys.has(placeOf(call))) return
  keys.set(placeOf(call), { beganMs: atMs, lastMs: atMs, answer: undefined, arrival: undefined })
}

function judgeAnswer(
  picture: Picture,
  judge: Judge,
  keys: Map<string, Key>,
  call: Call<Send>,
  by: Numbered<End>,
): void {
  if (by.line.outcome !== 'ok') return
  const { eventId = call.begin.line.eventId, count = 0, atMs } = by.line
  const sign: Sign = { call, eventId, count, by, acceptedByMs: atMs }
  const key = keyOf(picture, keys, sign)
  if (key === undefined) return
  judgePair(picture, judge, key, key.answer, sign)
  judgePair(picture, judge, key, key.arrival, sign)
  key.answer ??= sign
}

function judgeArrival(picture: Picture, judge: Judge, keys: Map<string, Key>, by: Numbered<Delivery>): void {
  const { eventId, atMs } = by.line
  const call = picture.events.find(eventId)?.counting[0]
  if (call === undefined) return
  const surelyMs = isOk(call)
    ? (call.end?.line.atMs ?? atMs)
    : call.begin.line.atMs + picture.settings.lateEffectMs
  const sign: Sign = { call, eventId, by, acceptedByMs: Math.min(atMs, surelyMs) }
  const key = keyOf(picture, keys, sign)
  if (key === undefined) return
  judgePair(picture, judge, key, key.answer, sign)
  judgePair(picture, judge, key, key.arrival, sign)
  key.arrival ??= sign
}

/** The key as it was when this was accepted under it; `undefined`: there is none, or nobody knows which. */
function keyOf(
  { nowMs }: Picture,
  keys: Map<string, Key>,
  { call, eventId, acceptedByMs }: Sign,
): Key | undefined {
  const key = keys.get(placeOf(call))
  const { atMs } = call.begin.line
  if (call.begin.line.key === undefined || key === undefined || atMs < key.beganMs) return undefined
  key.lastMs = nowMs
  if (acceptedByMs < key.beganMs + IDEMPOTENCY_TTL_MS) return key
  // Its time is over, or not quite yet: only another event shows that it began anew.
  const isSame = key.answer?.eventId === eventId || key.arrival?.eventId === eventId
  if (!isSame) Object.assign(key, { beganMs: atMs, answer: undefined, arrival: undefined })
  return isSame ? undefined : key
}

function judgePair({ faults }: Picture, judge: Judge, key: Key, known: Sign | undefined, sign: Sign) {
  if (known === undefined) return
  const isSame = known.eventId === sign.eventId && (known.count ?? sign.count) === (sign.count ?? known.count)
  if (isSame) return judge.holds()
  const untilMs = Math.max(known.acceptedByMs, sign.acceptedByMs)
  // At QoS 0 a key does not survive its node.
  const isShort = [known, sign].some(({ call }) => call.begin.line.qos === 0)
  if (isShort && faults.within(key.beganMs, untilMs) !== undefined) return judge.open()
  const lines = [...linesOf(known.call), known.by, ...linesOf(sign.call), sign.by]
  judge.violated(`one key ${textOf(known)}, and ${textOf(sign)}`, lines)
}

function textOf({ by, eventId, count }: Sign): string {
  return by.line.kind === 'end' ? `was answered with ${eventId} for ${count}` : `sent ${eventId}`
}

function forget(keys: Map<string, Key>, nowMs: number): void {
  for (const [place, { lastMs }] of keys) if (lastMs < nowMs - FORGET_AFTER_MS) keys.delete(place)
}
