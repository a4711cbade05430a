import type { ServerResponse } from 'node:http'
import { RollcallError } from '@rollcall/protocol/error-code'
import type { IsConcerned } from '../../auth/auth.ts'
import { afterThisTurn, HeardTime } from '../../clock/clock.ts'
import { holderOf } from '../../limits/limits.ts'
import type { Registration, Sighting } from '../../store/store.ts'
import type { HttpServices } from '../services.ts'
import { EventStream, type StreamContext, type StreamReader } from './stream.ts'
import { StreamIds } from './stream-ids.ts'

/** What opening one costs its user, milliseconds of processor time. */
const OPENING_COST_MS = 0.15
/** Time for which an endpoint that is fought over stays with whom it is, seconds. */
const HELD_SECONDS = 10
/** Streams looked at before everybody else gets a turn. */
const SLICE = 5_000
/** How often it is looked which are due, milliseconds. */
const TICK_MS = 250
/** Time between two portions of a drain, milliseconds. */
const STEP_MS = 100

type Services = StreamContext['services'] & Pick<HttpServices, 'limits' | 'takeOvers' | 'tags'>

/** All event streams of this process. */
export class EventStreams {
  readonly ids: StreamIds
  readonly #services: Services
  readonly #ackTimeoutSeconds: number
  readonly #open = new Set<EventStream>()
  /** From the first stream on. */
  #context: (StreamContext & { readonly time: HeardTime }) | undefined
  #isStopped = false

  constructor(services: Services, { ackTimeoutSeconds }: { readonly ackTimeoutSeconds: number }) {
    this.ids = new StreamIds(services.tags)
    this.#services = services
    this.#ackTimeoutSeconds = ackTimeoutSeconds
  }

  get count(): number {
    return this.#open.size
  }

  /**
   * Whether this caller may open one now, before anything is looked up for it.
   *
   * @throws RollcallError `rate_limited`, `unavailable`
   */
  admit({ principal }: Pick<StreamReader, 'principal'>): void {
    if (this.#isStopped) throw new RollcallError('unavailable', 'The server is stopping.')
    this.#services.limits.work.admit(principal)
    this.#services.limits.work.spend(principal, OPENING_COST_MS)
  }

  /**
   * Answers with the endpoint's events, in a place of its user's share, in the place of the link that it had.
   *
   * @param begin writes the head of the answer
   * @throws RollcallError `rate_limited` where the endpoint is fought over, `unavailable`; then nothing was written
   */
  open(response: ServerResponse, sighting: Sighting<'link'>, reader: StreamReader, begin: () => void): void {
    const { limits, takeOvers } = this.#services
    const { registration } = sighting
    if (this.#isStopped) throw new RollcallError('unavailable', 'The server is stopping.')
    const name = nameOf(registration)
    const isTaken = sighting.link !== undefined
    if (isTaken && takeOvers.isHeld('endpoint', name)) throw fought()
    const release = limits.ledger.links.take(holderOf(reader.principal))
    if (release === undefined)
      throw new RollcallError('unavailable', 'There are too many connections.', { retryAfterSeconds: 5 })
    if (isTaken) takeOvers.note('endpoint', name, registration)
    this.#context ??= this.#begin()
    const stream = new EventStream(this.#context, response, registration, reader, (ended) => {
      this.#open.delete(ended)
      release()
    })
    this.#open.add(stream)
    begin()
    stream.open()
  }

  /** Who is looked at was read before. (docs/adr/0013-time-stands-still.md) */
  #begin(): StreamContext & { readonly time: HeardTime } {
    const onHeard = (untilMs: number): void => {
      for (const stream of this.#open) stream.heard(untilMs)
    }
    const time = new HeardTime(this.#services.clock, { tickMs: TICK_MS, onHeard })
    const [services, ids, ackTimeoutSeconds] = [this.#services, this.ids, this.#ackTimeoutSeconds]
    return { services, ids, ackTimeoutSeconds, time }
  }

  /** Ends those whose token is not good any more, of whoever is concerned. */
  async review(isConcerned: IsConcerned): Promise<void> {
    let looked = 0
    for (const stream of [...this.#open]) {
      if (++looked % SLICE === 0) await new Promise<void>((resolve) => afterThisTurn(resolve))
      if (isConcerned(stream.reader.principal)) stream.review()
    }
  }

  /** Opens no more, and ends those there are evenly over `seconds`, so that not all come back at the same moment. */
  async drain(seconds: number): Promise<void> {
    this.#isStopped = true
    const { clock } = this.#services
    const all = [...this.#open]
    const steps = Math.max(1, Math.round((seconds * 1000) / STEP_MS))
    let closed = 0
    for (let step = 1; step <= steps && closed < all.length; step++) {
      const until = Math.ceil((all.length * step) / steps)
      for (const stream of all.slice(closed, until)) stream.close('draining')
      closed = until
      if (closed < all.length) await clock.sleep(STEP_MS)
    }
  }

  /** Cuts those there are. Idempotent. */
  close(): void {
    this.#isStopped = true
    this.#context?.time.close()
    for (const stream of [...this.#open]) {
      stream.close('draining')
      stream.destroy()
    }
  }
}

function fought(): RollcallError {
  return new RollcallError(
    'rate_limited',
    'Two connections take this endpoint over from each other again and again: the other one keeps it for 10 s.',
    { retryAfterSeconds: HELD_SECONDS },
  )
}

/** Ids contain no slash. */
function nameOf({ organizationId, userId, userEndpointId }: Registration): string {
  return `${organizationId}/${userId}/${userEndpointId}`
}
