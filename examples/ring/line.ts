import {
  AnsweredElsewhereError,
  type Backend,
  connect,
  createBackend,
  type Event,
  type Registration,
  RollcallError,
  type State,
} from '@rollcall/client'
import { type Input, step } from './call.ts'
import { NEW_PHONE, type Phone, type Send, type Step } from './call-state.ts'
import { demoToken, type Person } from './people.ts'
import { parseSignal } from './signals.ts'

/** What there is to show. */
export type Model = {
  readonly person: Person
  readonly state: State
  readonly phone: Phone
  /** What went over the wire, newest last. */
  readonly log: readonly LogEntry[]
  readonly nowMs: number
}

export type LogEntry = { readonly isOurs: boolean; readonly type: string; readonly note: string }

export type LineOptions = {
  readonly url: string
  readonly person: Person
  /** Default: the one that everybody knows. */
  readonly password?: string | undefined
  readonly ringSeconds: number
  readonly onChange: (model: Model) => void
}

const LOG_MAX = 20
/** How long a ring waits to hear that a device has it; seconds. */
const RECEIPT_SECONDS = 3
/** How long other signals may wait for a tab that is reconnecting; seconds. */
const SIGNAL_TTL_SECONDS = 60
const TICK_MS = 1_000

/** One person's line in this tab: is reachable, feeds what happens to the state machine, and sends what it says. */
export class Line {
  readonly #options: LineOptions
  readonly #registration: Registration
  readonly #backend: Backend
  #phone: Phone = NEW_PHONE
  #log: readonly LogEntry[] = []
  #timer: ReturnType<typeof setInterval> | undefined
  #isClosed = false

  constructor(options: LineOptions) {
    this.#options = options
    const { url, person, password } = options
    const getToken = demoToken(url, person, password)
    // What the SDK does for us: registers this tab under an id of its own, keeps it alive, brings it back, and acknowledges
    // an event once `onEvent` has returned. That acknowledgement says "this device has it", and it rings. That the person
    // takes the call is another matter: `answer` says so, and the first device that does has it.
    this.#registration = connect({ url, getToken, onEvent: (event) => this.#receive(event) })
    this.#registration.onState((state) => this.#follow(state))
    // The page sends by itself, with the person's own token. In a real application your backend does: it knows who calls,
    // while here anybody of the organization could claim to be Alice.
    this.#backend = createBackend({ url, credentials: getToken, fetch: fetchBeyondThePage })
    this.#show()
  }

  ring(): void {
    this.do({ kind: 'ring', callId: makeCallId(), peer: this.#options.person.peer })
  }

  do(input: Input): void {
    if (this.#isClosed) return
    const { person, ringSeconds } = this.#options
    const endpointId = this.#registration.userEndpointId ?? ''
    // The wall clock: it goes on while the machine sleeps, and the offer's timestamp is of that kind.
    const { phone, sends, answers } = step(this.#phone, input, {
      userId: person.id,
      endpointId,
      ringSeconds,
      nowMs: Date.now(),
    })
    this.#phone = phone
    for (const send of sends) void this.#send(send)
    if (answers !== undefined) void this.#answer(answers)
    this.#tickWhileBusy()
    this.#show()
  }

  /** Hangs up and unregisters, so that nobody rings a tab without a person. */
  async close(): Promise<void> {
    this.do({ kind: 'hang_up' })
    this.#isClosed = true
    clearInterval(this.#timer)
    await this.#registration.close()
  }

  #receive(event: Event): void {
    this.#write({ isOurs: false, type: event.type, note: '' })
    const signal = parseSignal(event)
    if (signal === undefined) this.#show()
    else this.do({ kind: 'signal', signal })
  }

  #follow({ status }: State): void {
    if (status === 'expired' || status === 'closed') this.do({ kind: 'lost' })
    else if (!this.#isClosed) this.#show()
  }

  /** Never rejects. */
  async #answer({ callId, eventId }: NonNullable<Step['answers']>): Promise<void> {
    try {
      await this.#registration.answer(eventId)
      this.do({ kind: 'answered', callId, is: 'first' })
    } catch (error) {
      if (error instanceof AnsweredElsewhereError) this.do({ kind: 'answered', callId, is: 'elsewhere' })
      else if (error instanceof RollcallError && error.code === 'not_found')
        this.do({ kind: 'answered', callId, is: 'gone' })
      else this.do({ kind: 'failed', callId, text: textOf(error) })
    }
  }

  /** Never rejects. */
  async #send({ to, endpoint, signal }: Send): Promise<void> {
    const { type, callId } = signal
    const isOffer = type === 'CallOfferedEvent'
    try {
      const { count, acknowledged } = await this.#backend.send(
        {
          userId: to,
          userEndpointId: endpoint ?? null,
          event: { ...signal },
          // At least once: written down before it is answered, and sent again until the device has it.
          qos: 1,
          // An offer that nobody has picked up by then is discarded: a phone that comes back later does not ring.
          ttlSeconds: isOffer ? this.#options.ringSeconds : SIGNAL_TTL_SECONDS,
          // What is new of a call takes the place of what has not been sent yet: an offer that was cancelled does not ring.
          collapseKey: callId,
          // To all other devices once one has answered: they stop, and one that was away does not begin.
          ...(isOffer ? { cancelOthers: { event: { type: 'CallTakenEvent', callId } } } : {}),
        },
        isOffer ? { waitSeconds: RECEIPT_SECONDS } : {},
      )
      this.#write({ isOurs: true, type, note: receiptNote(count, acknowledged) })
      this.do({ kind: 'receipt', callId, count, acknowledged })
    } catch (error) {
      this.#write({ isOurs: true, type, note: textOf(error) })
      this.do({ kind: 'failed', callId, text: textOf(error) })
    }
  }

  #tickWhileBusy(): void {
    const isBusy = this.#phone.call.kind !== 'idle'
    if (isBusy) this.#timer ??= setInterval(() => this.do({ kind: 'tick' }), TICK_MS)
    else {
      clearInterval(this.#timer)
      this.#timer = undefined
    }
  }

  #write(entry: LogEntry): void {
    this.#log = [...this.#log, entry].slice(-LOG_MAX)
  }

  #show(): void {
    if (this.#isClosed) return
    const { person, onChange } = this.#options
    onChange({
      person,
      state: this.#registration.state,
      phone: this.#phone,
      log: this.#log,
      nowMs: Date.now(),
    })
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function receiptNote(count: number, acknowledged: number | undefined): string {
  if (acknowledged !== undefined) return `${acknowledged} of ${count} have it`
  return count === 1 ? 'accepted for 1 device' : `accepted for ${count} devices`
}

/** The last word of a page that is left, "call ended", is still sent. */
function fetchBeyondThePage(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  return fetch(input, { ...init, keepalive: true })
}

/** 128 random bits. `crypto.randomUUID` is absent from pages that came over plain http from another machine. */
function makeCallId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
