import type { Operation, Settings } from '../lines.ts'
import { type Call, isAbout, isOk, linesOf, mayCount } from './calls.ts'
import type { Life } from './lives.ts'

type Ops = Operation['op']
/** With whether a fault is under way. */
type Surroundings = Settings & { readonly isTroubled: boolean }

/** What ends a registration where it takes effect. */
const ENDINGS: readonly Ops[] = ['unregister', 'kick', 'revoke']

export function isEnding({ begin }: Call): boolean {
  const { line } = begin
  // A token that is revoked alone ends no registration.
  return ENDINGS.includes(line.op) && !(line.op === 'revoke' && line.revokes !== undefined)
}

/** What the beginning of a call takes from what is certain of whom it is about. */
export function beginCall(call: Call, life: Life): void {
  const { atMs } = call.begin.line
  life.lastMs = atMs
  if (isAbout(call, 'register')) {
    const periodMs = call.begin.line.keepAliveSeconds * 1000
    life.registering++
    life.mayLive = true
    life.periodMsMin = Math.min(life.periodMsMin, periodMs)
    life.periodMsMax = Math.max(life.periodMsMax, periodMs)
    // It may take effect at once, with a shorter period.
    life.certainUntilMs = Math.min(life.certainUntilMs, atMs + periodMs)
  } else if (isAbout(call, 'keepalive')) life.prolonging++
  else if (isEnding(call)) {
    life.ending++
    life.doubt()
  }
}

/** What the end of a call says about whom it is about. */
export function endCall(call: Call, life: Life, settings: Surroundings): void {
  life.lastMs = call.end?.line.atMs ?? life.lastMs
  if (isAbout(call, 'register')) endRegister(call, life, settings)
  else if (isAbout(call, 'keepalive')) endKeepalive(call, life, settings)
  else if (isEnding(call)) endEnding(call, life, settings)
  else if (isAbsent(call)) absent(call, life, settings)
}

/** It is not there now. What has expired may be back after a fault. */
function absent(call: Call, life: Life, { isTroubled }: Surroundings): void {
  const { end } = call
  if (mayBeAnew(call, life) || end === undefined) return
  if (isTroubled) life.doubt()
  else life.lapse(end.line.atMs)
}

/** Whether somebody may have ended it since this call began, or may still: it may have taken effect before that. */
function mayBeEnded(call: Call, life: Life): boolean {
  const { number, line } = call.begin
  return life.ending > 0 || line.atMs <= life.mayEndUntilMs || number < life.endedByLine
}

/** The service said that it is not there. */
export function isAbsent({ end }: Call): boolean {
  if (end?.line.outcome === 'refused') return end.line.error === 'endpoint_unknown'
  return end?.line.outcome === 'ok' && end.line.present === false
}

/** Whether somebody may have registered it since this call began. */
function mayBeAnew({ begin }: Call, life: Life): boolean {
  const { atMs } = begin.line
  return life.registering > 0 || life.registeredAtMs >= atMs || life.mayBeginUntilMs >= atMs
}

function endRegister(call: Call<Extract<Operation, { op: 'register' }>>, life: Life, settings: Surroundings) {
  const { line } = call.begin
  const periodMs = line.keepAliveSeconds * 1000
  life.registering--
  const [before] = call.about
  if (!mayCount(call)) {
    if (life.era === before?.era)
      life.certainUntilMs = Math.max(life.certainUntilMs, before?.certainUntilMs ?? 0)
    if (life.registering === 0 && life.mayBeginUntilMs < line.atMs) life.mayLive &&= before?.mayLive === true
    return
  }
  // Of two at once either may have been the last.
  const isAlone =
    life.registering === 0 && life.mayBeginUntilMs < line.atMs && life.registeredAtMs < line.atMs
  if (isOk(call) && isAlone) {
    life.periodMsMin = periodMs
    life.periodMsMax = periodMs
  }
  prolong(call, life, settings, isOk(call) && isAlone)
  const endedAtMs = call.end?.line.atMs ?? line.atMs
  // After its time it may be another registration.
  const isAnother = before === undefined || life.era !== before.era || endedAtMs >= before.certainUntilMs
  if (!isOk(call)) {
    life.mayBeginUntilMs = Math.max(life.mayBeginUntilMs, line.atMs + settings.lateEffectMs)
    if (isAnother) life.doubt()
    return
  }
  life.registeredAtMs = endedAtMs
  if (isAnother || mayBeEnded(call, life)) life.doubt()
  if (mayBeEnded(call, life)) return
  life.certainUntilMs = line.atMs + life.periodMsMin
  life.certainBy = linesOf(call)
}

function endKeepalive(call: Call, life: Life, settings: Surroundings): void {
  const { atMs } = call.begin.line
  life.prolonging--
  if (isAbsent(call)) absent(call, life, settings)
  if (!mayCount(call)) return
  prolong(call, life, settings, false)
  if (!isOk(call) || mayBeEnded(call, life)) return
  life.mayLive = true
  const endedAtMs = call.end?.line.atMs ?? atMs
  // A keepalive brings nothing back: it is the registration that it was, unless somebody may have made another.
  const mayBeAnother = life.registering > 0 || atMs <= life.mayBeginUntilMs
  if (endedAtMs >= life.certainUntilMs && mayBeAnother) life.doubt()
  // Who never saw it registered knows no period.
  const untilMs = life.periodMsMax === 0 ? Number.NEGATIVE_INFINITY : atMs + life.periodMsMin
  if (untilMs <= life.certainUntilMs) return
  life.certainUntilMs = untilMs
  life.certainBy = linesOf(call)
}

/** Until when it may live by this call. */
function prolong(call: Call, life: Life, { lateEffectMs }: Settings, isExact: boolean): void {
  const { atMs } = call.begin.line
  const effectMs = isOk(call) ? (call.end?.line.atMs ?? atMs) : atMs + lateEffectMs
  if (!isOk(call)) life.mayProlongUntilMs = Math.max(life.mayProlongUntilMs, effectMs)
  const latestMs = Math.max(effectMs, life.mayProlongUntilMs) + life.periodMsMax
  if (latestMs < life.latestMs && !isExact) return
  life.latestMs = latestMs
  life.latestBy = linesOf(call)
  life.heardAtMs = atMs
}

function endEnding(call: Call, life: Life, settings: Surroundings) {
  const { line } = call.begin
  life.ending--
  if (isAbsent(call)) return absent(call, life, settings)
  if (isOk(call)) {
    life.endedByLine = call.end?.number ?? life.endedByLine
    if (!mayBeAnew(call, life)) life.over(call.end?.line.atMs ?? line.atMs)
    return
  }
  if (mayCount(call)) {
    life.mayEndUntilMs = Math.max(life.mayEndUntilMs, line.atMs + settings.lateEffectMs)
    return
  }
  const before = call.about.find((one) => one.life === life)
  // Nothing was done, and nothing else has happened since.
  if (before === undefined || life.era !== before.era + 1 || life.ending > 0) return
  life.era = before.era
  life.certainUntilMs = before.certainUntilMs
}
