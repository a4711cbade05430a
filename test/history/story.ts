import { Checker, type Verdict } from './checker.ts'
import type { FaultName, Line, Opening, Operation, Outcome, Result, Send } from './lines.ts'

export const PHONE = 'acme/alice/phone'
export const TAB = 'acme/alice/tab'
const BACKEND = 'acme/backend'

type Untimed<Of> = Of extends Line ? Omit<Of, 'atMs'> : never

/** A history as a test tells it: every line 10 ms after the one before, or when it says. */
export class Story {
  readonly lines: Line[] = []
  #nowMs = 0
  #calls = 0
  #faults = 0

  constructor(opening: Partial<Opening> = {}) {
    this.lines.push({ kind: 'history', version: 1, source: 'a story', ...opening, atMs: 0 })
  }

  /** From now on it is so late, milliseconds. */
  at(ms: number): this {
    this.#nowMs = ms - 10
    return this
  }

  add(line: Untimed<Line>): this {
    this.#nowMs += 10
    this.lines.push({ ...line, atMs: this.#nowMs } as Line)
    return this
  }

  /** @returns the call's number, to end it */
  begin(operation: Operation): number {
    this.add({ kind: 'begin', call: ++this.#calls, ...operation })
    return this.#calls
  }

  end(call: number, outcome: Outcome): this {
    return this.add({ kind: 'end', call, ...outcome })
  }

  ok(operation: Operation, result: Result = {}): this {
    return this.end(this.begin(operation), { outcome: 'ok', ...result })
  }

  refused(operation: Operation, error: string, answeredBy?: string): this {
    const by = answeredBy === undefined ? {} : { answeredBy }
    return this.end(this.begin(operation), { outcome: 'refused', error, ...by })
  }

  unknown(operation: Operation): this {
    return this.end(this.begin(operation), { outcome: 'unknown' })
  }

  /** Each lives for an hour, and has a link of its name. */
  present(...endpoints: readonly string[]): this {
    for (const endpoint of endpoints) this.registered(endpoint).linked(endpoint)
    return this
  }

  registered(endpoint: string, keepAliveSeconds = 3600): this {
    return this.ok({ op: 'register', endpoint, keepAliveSeconds })
  }

  linked(
    endpoint: string,
    link = endpoint,
    more: { readonly qos?: 0 | 1; readonly token?: string } = {},
  ): this {
    return this.add({ kind: 'link_up', link, endpoint, qos: 1, ...more })
  }

  /** Sent to the phone's user at QoS 1, and answered. */
  sent(eventId: string, more: Partial<Send> = {}, result: Result = { count: 1 }): this {
    return this.ok(send(eventId, more), result)
  }

  got(
    eventId: string,
    endpoint = PHONE,
    more: { readonly link?: string; readonly qos?: 0 | 1; readonly digest?: string } = {},
  ): this {
    return this.add({ kind: 'delivery', link: endpoint, endpoint, eventId, qos: 1, ...more })
  }

  took(
    eventId: string,
    endpoint = PHONE,
    more: { readonly link?: string; readonly isHeard?: true; readonly isUnsure?: true } = {},
  ): this {
    return this.add({ kind: 'puback', link: endpoint, endpoint, eventId, ...more })
  }

  fault(what: FaultName, fromMs: number, toMs: number, node?: string): this {
    const fault = ++this.#faults
    this.at(fromMs).add({ kind: 'fault', fault, what, ...(node === undefined ? {} : { node }) })
    return this.at(toMs).add({ kind: 'fault_end', fault })
  }

  settled(): this {
    return this.at(this.#nowMs + 5000).add({ kind: 'settled' })
  }

  judge(): Verdict {
    const checker = new Checker()
    for (const line of this.lines) checker.take(line)
    return checker.finish()
  }
}

export function send(eventId: string, more: Partial<Send> = {}): Send {
  return { op: 'send', by: BACKEND, to: 'acme/alice', qos: 1, eventId, ...more }
}

/** Two that were under way at once come in either order. */
export function atOnce(): Story {
  const story = new Story().present(PHONE)
  const [one, two] = [story.begin(send('one')), story.begin(send('two'))]
  story.end(one, { outcome: 'ok', count: 1 }).end(two, { outcome: 'ok', count: 1 })
  return story.got('two').got('one')
}
