import type { ServerResponse } from 'node:http'
import type { DisconnectReason } from '@rollcall/protocol/lifecycle'
import {
  IN_FLIGHT_MAX,
  SOCKET_BUFFER_BYTES_MAX,
  SOCKET_STUCK_MS,
  STREAM_HEARTBEAT_MS,
} from '@rollcall/protocol/limits'
import type { Principal } from '../../auth/auth.ts'
import type { HeardTime } from '../../clock/clock.ts'
import type { Attachment, Link, LinkCloseReason, LinkPeer, OutboundEvent } from '../../delivery/delivery.ts'
import { asError } from '../../observe/observe.ts'
import type { Registration } from '../../store/store.ts'
import type { HttpServices } from '../services.ts'
import { HEARTBEAT, messageFrame, namedFrame, retryFrame } from './frames.ts'
import type { StreamIds } from './stream-ids.ts'

/** Time a closed stream has to take what was written last, milliseconds. */
const LINGER_MS = 5_000
/** How long a browser's own reader waits before it comes again, milliseconds. */
const RETRY_MS = 2_000

/** Why a stream ends, as `closed` says it. */
export type StreamEnd = LinkCloseReason | 'authorization_lost' | 'unacknowledged' | 'stuck' | 'gone'

const REASONS: { readonly [end in StreamEnd]: DisconnectReason } = {
  taken_over: 'taken_over',
  endpoint_expired: 'endpoint_expired',
  endpoint_unregistered: 'endpoint_unregistered',
  draining: 'server_draining',
  authorization_lost: 'authorization_ended',
  unacknowledged: 'unacknowledged',
  stuck: 'connection_stuck',
  gone: 'connection_lost',
}

export type StreamContext = {
  readonly services: Pick<HttpServices, 'auth' | 'registrar' | 'delivery' | 'clock' | 'log' | 'metrics'>
  readonly ids: StreamIds
  readonly ackTimeoutSeconds: number
  /** On which everything but tokens is judged: nobody is late because the process stood still. */
  readonly time: Pick<HeardTime, 'nowMs'>
}

/** Who reads a stream. */
export type StreamReader = {
  readonly principal: Principal
  /** Asked about again while the stream lives. */
  readonly token: string
  readonly userAgent: string | undefined
  readonly connectedAtWallMs: number
  /** Events up to this place in the mailbox it has had: they are not sent again, only acknowledged. */
  readonly hasUpTo: number
}

/**
 * One endpoint's events over one HTTP answer that does not end: a link like any other, whose acknowledgements come by
 * requests of their own.
 */
export class EventStream implements Link {
  readonly peer: LinkPeer
  readonly reader: StreamReader
  readonly #context: StreamContext
  readonly #response: ServerResponse
  readonly #registration: Registration
  readonly #onEnd: (stream: EventStream) => void
  /** Sent and not acknowledged, by id. */
  readonly #inFlight = new Map<string, OutboundEvent>()
  #attachment: Attachment | undefined
  #authorizedUntilWallMs: number
  /** When it is looked at next. */
  #dueMs = 0
  #state: 'open' | 'closed' = 'open'
  #isWaiting = false
  #isJudging = false
  #writtenBytes = 0
  #takenBytes = 0
  #stuckSinceMs: number | undefined
  #fullSinceMs: number | undefined

  constructor(
    context: StreamContext,
    response: ServerResponse,
    registration: Registration,
    reader: StreamReader,
    onEnd: (stream: EventStream) => void,
  ) {
    const { userAgent, connectedAtWallMs } = reader
    this.#context = context
    this.#response = response
    this.#registration = registration
    this.reader = reader
    this.#onEnd = onEnd
    this.#authorizedUntilWallMs = registration.authorizedUntilWallMs
    this.peer = { clientId: '', protocol: 'SSE', transport: 'http', userAgent, connectedAtWallMs }
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Takes the endpoint over and begins to send. The head of the answer must have been written. */
  open(): void {
    this.#response.once('close', () => this.#end('gone'))
    this.#response.on('error', () => this.#end('gone'))
    this.#response.on('drain', () => this.#resume())
    this.#write(retryFrame(RETRY_MS))
    const attachment = this.#context.services.delivery.attach(this.#registration, this)
    this.#attachment = attachment
    void this.#begin(attachment)
    this.#schedule()
  }

  /** Says that it is subscribed once the store has taken it for the endpoint's link. */
  async #begin({ attached }: Attachment): Promise<void> {
    try {
      if (!(await attached)) this.close('endpoint_expired')
    } catch (error) {
      this.#context.services.log.error('http: a stream could not be attached', { err: asError(error) })
      this.close('gone')
    }
    if (!this.isOpen) return
    this.#write(namedFrame('subscribed', { userEndpointId: this.#registration.userEndpointId }))
    this.#attachment?.start()
  }

  send(event: OutboundEvent): boolean {
    if (!this.isOpen) return false
    if (event.qos === 0) return this.#sendOnce(event)
    if (!this.hasRoom()) return false
    const sequence = event.sequence ?? 0
    const id = this.#context.ids.of(this.#registration, sequence)
    this.#inFlight.set(id, event)
    if (sequence > this.reader.hasUpTo) this.#write(messageFrame(event.payload, id))
    return true
  }

  hasRoom(): boolean {
    if (!this.isOpen) return false
    if (!this.#isCongested && this.#inFlight.size < IN_FLIGHT_MAX) return true
    this.#isWaiting = true
    return false
  }

  acknowledge(ids: readonly string[]): number {
    if (!this.isOpen) return 0
    let count = 0
    for (const id of ids) {
      const event = this.#inFlight.get(id)
      if (event === undefined) continue
      this.#inFlight.delete(id)
      event.acknowledged?.()
      count++
    }
    if (count > 0) this.#fullSinceMs = undefined
    this.#resume()
    return count
  }

  close(end: StreamEnd): void {
    if (!this.isOpen) return
    // What a reader that takes nothing would have been told waits with everything else.
    if (end !== 'stuck') this.#write(namedFrame('closed', { reason: REASONS[end] }))
    this.#end(end)
    if (end === 'stuck') this.#response.destroy()
    else this.#response.end()
    const linger = this.#context.services.clock.after(LINGER_MS, () => this.#response.destroy())
    this.#response.once('close', () => linger.cancel())
  }

  /** Cuts it without a word. */
  destroy(): void {
    this.#response.destroy()
  }

  /** What was revoked may be what it rests on. */
  review(): void {
    if (this.isOpen && !this.#context.services.auth.isStillGood(this.reader.token))
      this.close('authorization_lost')
  }

  get #isCongested(): boolean {
    return this.#response.writableLength > SOCKET_BUFFER_BYTES_MAX
  }

  #sendOnce({ payload }: OutboundEvent): boolean {
    if (this.#isCongested) return false
    this.#write(messageFrame(payload, undefined))
    return true
  }

  #write(frame: Buffer): void {
    this.#writtenBytes += frame.length
    this.#response.write(frame)
  }

  #resume(): void {
    if (!this.#isWaiting || !this.isOpen) return
    this.#isWaiting = false
    this.#attachment?.resume()
  }

  #schedule(): void {
    const leftMs = this.#authorizedWallMs - this.#context.services.clock.wallMs()
    this.#dueMs = this.#context.time.nowMs() + Math.min(STREAM_HEARTBEAT_MS, leftMs)
  }

  /** Everything that had arrived by then was read. */
  heard(untilMs: number): void {
    if (untilMs >= this.#dueMs && !this.#isJudging) this.#look()
  }

  get #authorizedWallMs(): number {
    return Math.max(this.reader.principal.expiresAtWallMs, this.#authorizedUntilWallMs)
  }

  /** Whether it may live on; and a word, so that nobody between takes it for dead. */
  #look(): void {
    const nowMs = this.#context.time.nowMs()
    this.review()
    if (!this.isOpen) return
    if (this.#isStuck(nowMs)) this.close('stuck')
    else if (this.#isUnacknowledged(nowMs)) this.#closeUnacknowledged()
    if (!this.isOpen) return
    if (this.#response.writableLength === 0) this.#write(HEARTBEAT)
    if (this.#context.services.clock.wallMs() < this.#authorizedWallMs) this.#schedule()
    else void this.#judgeAgain()
  }

  #isStuck(nowMs: number): boolean {
    const takenBytes = this.#writtenBytes - this.#response.writableLength
    if (this.#response.writableLength === 0) this.#stuckSinceMs = undefined
    else if (this.#stuckSinceMs === undefined || takenBytes > this.#takenBytes) this.#stuckSinceMs = nowMs
    this.#takenBytes = takenBytes
    return this.#stuckSinceMs !== undefined && nowMs - this.#stuckSinceMs >= SOCKET_STUCK_MS
  }

  /** Who has all the events it may have, and acknowledges none, gets no more, and nobody would ever know. */
  #isUnacknowledged(nowMs: number): boolean {
    const { ackTimeoutSeconds } = this.#context
    if (this.#inFlight.size < IN_FLIGHT_MAX) this.#fullSinceMs = undefined
    else this.#fullSinceMs ??= nowMs
    if (this.#fullSinceMs === undefined || ackTimeoutSeconds === 0) return false
    return nowMs - this.#fullSinceMs >= ackTimeoutSeconds * 1000
  }

  #closeUnacknowledged(): void {
    const { organizationId, userId } = this.#registration
    this.#context.services.log.warn(
      'http: the reader of a stream acknowledges none of its events, and is closed',
      {
        organizationId,
        userId,
        inFlightMax: IN_FLIGHT_MAX,
      },
    )
    this.close('unacknowledged')
  }

  /**
   * The token is over; keepalives with newer ones may have renewed the registration, which is not told one by one. It lives
   * on for one look-up.
   */
  async #judgeAgain(): Promise<void> {
    this.#isJudging = true
    const { registrar, clock, log } = this.#context.services
    try {
      const found = await registrar.find(this.#registration)
      if (found?.registrationId !== this.#registration.registrationId) return this.close('endpoint_expired')
      this.#authorizedUntilWallMs = found.authorizedUntilWallMs
      if (clock.wallMs() < this.#authorizedWallMs) this.#schedule()
      else this.close('authorization_lost')
    } catch (error) {
      log.error('http: the authorization of a stream could not be renewed', { err: asError(error) })
      this.close('authorization_lost')
    } finally {
      this.#isJudging = false
    }
  }

  #end(end: StreamEnd): void {
    if (!this.isOpen) return
    this.#state = 'closed'
    this.#inFlight.clear()
    this.#context.services.metrics.linkClosed(METRIC_REASONS[end] ?? end)
    this.#attachment?.detach(REASONS[end])
    this.#onEnd(this)
  }
}

/** As connections of MQTT are counted. */
const METRIC_REASONS: { readonly [end in StreamEnd]?: string } = {
  gone: 'connection_lost',
  stuck: 'socket_stuck',
}
