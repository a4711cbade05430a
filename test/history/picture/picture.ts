import {
  type Acknowledgement,
  type Begin,
  DEFAULT_SETTINGS,
  type Delivery,
  type End,
  type EndpointName,
  type Fault,
  type Line,
  type Numbered,
  type Opening,
  type Send,
  type Settings,
} from '../lines.ts'
import { type Call, type Glimpse, glimpse, isAbout, linesOf, mayCount } from './calls.ts'
import { Collapses } from './collapses.ts'
import { type Debt, Debts } from './debts.ts'
import { type Copy, type Event, Events, FORGET_AFTER_MS } from './events.ts'
import { Faults } from './faults.ts'
import { Keys } from './keys.ts'
import { beginCall, endCall, isEnding } from './life-rules.ts'
import { Links } from './links.ts'
import { type Life, Lives } from './lives.ts'
import { UserEndings } from './user-endings.ts'

/** How many lines come and go before what is over is forgotten. */
const FORGET_EVERY_LINES = 4096

/** What is known of the service at one line of its history, and not over: what rules look at. */
export class Picture {
  readonly opening: Opening
  readonly settings: Settings
  readonly faults: Faults
  readonly lives = new Lives()
  readonly events = new Events()
  readonly links = new Links()
  readonly debts = new Debts()
  readonly keys = new Keys()
  readonly #calls = new Map<number, Call>()
  readonly #collapses = new Collapses()
  readonly #userEndings = new UserEndings()
  /** Whose begin or end the line is. */
  call: Call | undefined
  /** What an endpoint had of an event before the line, a delivery. */
  before: Copy | undefined
  /** Who expired by the line, as it was before. */
  expired: Glimpse | undefined
  settled: Numbered | undefined
  nowMs = 0

  constructor(opening: Opening) {
    this.opening = opening
    this.settings = { ...DEFAULT_SETTINGS, ...opening.settings }
    this.faults = new Faults(opening.nodes ?? ['node'])
  }

  take(numbered: Numbered): void {
    const { line, number } = numbered
    this.nowMs = line.atMs
    this.call = undefined
    this.#note(numbered, line)
    if (number % FORGET_EVERY_LINES === 0) this.#forget()
  }

  #note({ number }: Numbered, line: Line) {
    switch (line.kind) {
      case 'begin':
        return this.#begin({ number, line })
      case 'end':
        return this.#end({ number, line })
      case 'link_up':
        return this.links.up({ number, line })
      case 'link_down':
        return this.links.down({ number, line })
      case 'delivery':
        return this.#deliver({ number, line })
      case 'puback':
        return this.#acknowledge({ number, line })
      case 'fault':
        return this.#fault({ number, line })
      case 'fault_end':
        return this.faults.end({ number, line })
      case 'expired':
        return this.#expire(this.lives.of(line.endpoint))
      case 'settled':
        this.settled ??= { number, line }
        return
      case 'history':
      case 'told':
      case 'outcomes':
      case 'recount':
        return
    }
  }

  #expire(life: Life): void {
    this.expired = glimpse(life, this.faults)
    const mayBeAnew = life.registering > 0 || life.mayBeginUntilMs >= this.nowMs
    if (mayBeAnew || this.faults.within(this.nowMs, this.nowMs) !== undefined) life.doubt()
    else life.lapse(this.nowMs)
  }

  #fault(fault: Numbered<Fault>): void {
    this.faults.begin(fault)
    for (const life of this.lives.all()) life.mayBeBack(this.nowMs)
  }

  #begin(begin: Numbered<Begin>): void {
    const lives = this.#livesAbout(begin.line)
    const call: Call = {
      begin,
      end: undefined,
      about: lives.map((life) => glimpse(life, this.faults)),
      certain: [],
    }
    this.#calls.set(begin.line.call, call)
    this.call = call
    for (const life of lives) beginCall(call, life)
    if (isAbout(call, 'revoke') && isEnding(call)) this.#userEndings.begin(call.begin.line.user, call)
    if (isAbout(call, 'register')) this.#mayEvict(call)
    if (isAbout(call, 'send')) this.#beginSend(call)
    if (isAbout(call, 'answer')) {
      const { eventId, endpoint } = call.begin.line
      const event = this.events.touch(eventId, this.nowMs)
      if (!event.takers.has(endpoint)) event.takers.set(endpoint, begin)
      if (!event.answerers.has(endpoint)) event.answerers.set(endpoint, call.begin)
    }
  }

  #livesAbout(line: Begin): readonly Life[] {
    if ('endpoint' in line && line.endpoint !== undefined) return [this.#meet(line.endpoint)]
    if (line.op === 'send') return this.lives.ofUser(line.to)
    return line.op === 'revoke' && line.revokes === undefined ? this.lives.ofUser(line.user) : []
  }

  #meet(endpoint: EndpointName): Life {
    const isNew = !this.lives.has(endpoint)
    const life = this.lives.of(endpoint)
    if (isNew) this.#userEndings.meet(life, this.faults)
    return life
  }

  /** Past its bound a user's newest endpoint may make others go. */
  #mayEvict(call: Call): void {
    const { endpoint = '' } = call.begin.line as { endpoint?: string }
    const others = this.lives
      .ofUser(endpoint.slice(0, endpoint.lastIndexOf('/')))
      .filter((life) => life.mayLive && life.endpoint !== endpoint)
    if (others.length >= this.settings.endpointsPerUserMax) for (const life of others) life.doubt()
  }

  #beginSend(call: Call<Send>): void {
    const { eventId, qos, cancelOthers } = call.begin.line
    const event = this.events.touch(eventId, this.nowMs)
    event.sends.push(call)
    this.keys.begin(call)
    if (qos === 1) for (const { life } of call.about) life.waiting++
    this.#collapses.begin(call)
    if (cancelOthers === undefined) return
    event.cancelledBy = this.events.touch(cancelOthers.eventId, this.nowMs)
    event.cancelledBy.cancels = event
  }

  #end(end: Numbered<End>) {
    const call = this.#calls.get(end.line.call)
    if (call === undefined) return
    this.#calls.delete(end.line.call)
    call.end = end
    // What a repetition is answered may be from any time since the first.
    const first = isAbout(call, 'send') ? this.keys.firstOf(call) : call
    call.certain = first.about.filter(({ life, era, certainUntilMs }) => {
      if (isEnding(call)) return life.era === era + 1 && life.ending === 1 && certainUntilMs > this.nowMs
      return life.era === era && certainUntilMs > first.begin.line.atMs && life.isCertainAt(this.nowMs)
    })
    this.call = call
    this.#conclude(call)
  }

  #conclude(call: Call): void {
    const isTroubled = this.faults.within(this.nowMs, this.nowMs) !== undefined
    for (const { life } of call.about) endCall(call, life, { ...this.settings, isTroubled })
    if (isAbout(call, 'revoke') && isEnding(call))
      this.#userEndings.end(call.begin.line.user, call, this.settings.lateEffectMs)
    if (!isAbout(call, 'send')) return
    this.#collapses.end(call, this.settings.lateEffectMs)
    const { eventId, qos } = call.begin.line
    this.events.touch(eventId, this.nowMs)
    if (qos === 1 && !mayCount(call)) for (const { life } of call.about) life.waiting--
    this.#promise(call)
  }

  /** Whom an answer makes certain to get an event. */
  #promise(call: Call<Send>): void {
    const { line } = call.begin
    const answer = call.end?.line
    const event = this.events.find(line.eventId)
    if (answer?.outcome !== 'ok' || line.qos !== 1 || event === undefined) return
    // A key that was used before: what is owed is owed already.
    if (answer.eventId !== undefined && answer.eventId !== line.eventId) return
    const counted = call.certain.filter(({ life }) => !this.mayBeFull(life))
    if ((answer.count ?? 0) < counted.length) return
    for (const { life, by } of counted) {
      const isThere = event.copies.get(life.endpoint)?.first !== undefined
      if (!isThere) this.debts.add({ event, call, life, era: life.era, by: [...by, ...linesOf(call)] })
      else this.debts.paid++
    }
  }

  mayBeFull({ waiting }: Life): boolean {
    return waiting >= this.settings.mailboxEventsMax
  }

  #deliver(delivery: Numbered<Delivery>): void {
    const { eventId, endpoint, link, qos } = delivery.line
    const event = this.events.touch(eventId, this.nowMs)
    const copy = event.copyAt(endpoint)
    this.before = { ...copy }
    copy.first ??= delivery
    copy.latest = delivery
    this.debts.pay(endpoint, eventId)
    const hold = this.links.find(link, endpoint)
    if (qos === 1) hold?.open.add(eventId)
    else if (hold?.up.line.qos === 0) this.#taken(event, delivery)
  }

  #acknowledge(puback: Numbered<Acknowledgement>) {
    const { eventId, endpoint, link, isUnsure } = puback.line
    if (isUnsure) return this.#mayBeTaken(this.events.touch(eventId, this.nowMs), puback)
    this.links.find(link, endpoint)?.open.delete(eventId)
    this.#taken(this.events.touch(eventId, this.nowMs), puback)
  }

  #mayBeTaken(event: Event, by: Numbered<Acknowledgement | Delivery>) {
    if (!event.takers.has(by.line.endpoint)) event.takers.set(by.line.endpoint, by)
  }

  #taken(event: Event, by: Numbered<Acknowledgement | Delivery>): void {
    const { endpoint } = by.line
    const copy = event.copyAt(endpoint)
    if (copy.acknowledged === undefined) {
      const life = this.lives.of(endpoint)
      life.waiting = Math.max(0, life.waiting - 1)
    }
    copy.acknowledged ??= by
    this.#mayBeTaken(event, by)
  }

  /** Whether what is owed may have ended in a way that is documented: PROTOCOL.md, Sending. */
  mayHaveEnded({ event, call, life, era }: Debt): boolean {
    if (life.era !== era) return true
    if (call === undefined || !isAbout(call, 'send')) return false
    const { lifetimeMs, cancelOthers } = call.begin.line
    if (lifetimeMs !== undefined) {
      // From the first time that it was asked for.
      const atMs = Math.min(...event.sends.map(({ begin }) => begin.line.atMs))
      const isOver = this.nowMs >= atMs + lifetimeMs - this.settings.clockSkewMs
      if (isOver || this.faults.jumpedAtMs >= atMs) return true
    }
    if (event.sends.some((send) => this.#collapses.mayBeReplaced(send))) return true
    if (cancelOthers === undefined) return false
    const quicker = cancelOthers.on === 'answered' ? event.answerers : event.takers
    return [...quicker.keys()].some((endpoint) => endpoint !== life.endpoint)
  }

  /** What is over makes room. A call that has no end for so long is as one of unknown outcome. */
  #forget(): void {
    for (const [id, call] of this.#calls) {
      if (call.begin.line.atMs + this.settings.lateEffectMs > this.nowMs) break
      this.#calls.delete(id)
      this.#conclude(call)
    }
    for (const event of this.events.forget(this.nowMs, (one) => this.#isOwed(one))) this.#forgotten(event)
    this.links.forget(this.nowMs)
    this.keys.forget(this.nowMs)
    this.#userEndings.forget(this.nowMs)
    for (const life of this.lives.all()) if (this.#isOver(life)) this.lives.forget(life)
  }

  #isOwed(event: Event): boolean {
    const debts = event.sends
      .flatMap(({ about }) => about)
      .flatMap(({ life }) => this.debts.find(life.endpoint, event.id) ?? [])
    for (const debt of debts) if (this.mayHaveEnded(debt)) this.debts.drop(debt)
    return debts.some((debt) => this.debts.find(debt.life.endpoint, event.id) !== undefined)
  }

  #forgotten({ sends, copies }: Event): void {
    for (const call of sends) {
      this.#collapses.forget(call)
      if (call.begin.line.qos === 1 && mayCount(call))
        for (const { life } of call.about)
          if (copies.get(life.endpoint)?.acknowledged === undefined)
            life.waiting = Math.max(0, life.waiting - 1)
    }
  }

  #isOver(life: Life): boolean {
    return (
      life.lastMs < this.nowMs - FORGET_AFTER_MS &&
      life.latestWith(this.faults.outages) < this.nowMs - FORGET_AFTER_MS &&
      this.links.holding(life.endpoint) === undefined &&
      [...this.debts.of(life.endpoint)].length === 0
    )
  }
}
