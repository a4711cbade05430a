import { IN_FLIGHT_MAX, SOCKET_BUFFER_BYTES_MAX } from '@rollcall/protocol/limits'
import type { Connection } from './connection.ts'
import { InFlight, type OutgoingLink, type Unacknowledged } from './in-flight.ts'

/**
 * The events that go out over one connection, of all of its endpoints: how many may be unacknowledged, whether
 * the socket takes them, and who has to wait.
 */
export class Outgoing {
  readonly #connection: Connection
  #inFlight: InFlight | undefined
  #isRoomFreed = false
  #awaitsDrain = false
  /** PUBACKs that acknowledged something, and how many there had been when the full window was looked at first. */
  #acknowledged = 0
  #full: { readonly sinceMs: number; readonly acknowledged: number } | undefined
  #awaitsLook = false
  /** Since when the socket takes nothing, and how much it had taken then. */
  #stuckSinceMs: number | undefined
  #takenBytes = 0

  constructor(connection: Connection) {
    this.#connection = connection
  }

  get isCongested(): boolean {
    return this.#connection.transport.bufferedBytes() > SOCKET_BUFFER_BYTES_MAX
  }

  /** Made when first needed: most connections are idle. */
  get inFlight(): InFlight {
    const { client, context } = this.#connection
    this.#inFlight ??= new InFlight(client?.inFlightMax ?? IN_FLIGHT_MAX, context.random)
    return this.#inFlight
  }

  /** PUBACK. One for an event that is not in flight, or whose endpoint was unsubscribed, is ignored. */
  onPuback(packetId: number): void {
    const found = this.#inFlight?.remove(packetId)
    if (found === undefined) return
    this.#isRoomFreed = true
    this.#acknowledged++
    this.#stuckSinceMs = undefined
    this.acknowledge(found)
  }

  /** The event is over for delivery; `discarded`: it never went out. */
  acknowledge({ link, event }: Unacknowledged, how?: 'discarded'): void {
    try {
      if (this.#connection.isOpen && link.isAttached) event.acknowledged?.(how)
    } catch (error) {
      this.#connection.fail(error)
    }
  }

  /** An event was sent: where it has filled the window, somebody looks whether it ever empties. */
  noteSent(): void {
    if (this.#awaitsLook || this.inFlight.hasRoom) return
    this.#awaitsLook = true
    this.#connection.reschedule()
  }

  /** Since when the window is full and nothing was acknowledged, as far as was looked. */
  fullSinceMs(nowMs: number): number | undefined {
    if (this.#inFlight === undefined || this.#inFlight.hasRoom) {
      this.#awaitsLook = false
      this.#full = undefined
    } else if (this.#full?.acknowledged !== this.#acknowledged)
      this.#full = { sinceMs: nowMs, acknowledged: this.#acknowledged }
    return this.#full?.sinceMs
  }

  /** Since when the socket takes nothing of what it has, as far as was looked. */
  stuckSinceMs(nowMs: number): number | undefined {
    const { transport } = this.#connection
    if (transport.bufferedBytes() === 0) this.#stuckSinceMs = undefined
    else if (this.#stuckSinceMs === undefined || transport.takenBytes() > this.#takenBytes) {
      this.#stuckSinceMs = nowMs
      this.#takenBytes = transport.takenBytes()
    }
    return this.#stuckSinceMs
  }

  /** An endpoint's next QoS 1 event has to wait: the endpoint is resumed when there is room. */
  wait(link: OutgoingLink): void {
    this.inFlight.wait(link)
    if (this.isCongested) this.noteCongestion()
  }

  /** Looks after a congested socket until it has drained. */
  noteCongestion(): void {
    if (this.#awaitsDrain) return
    this.#awaitsDrain = true
    this.#connection.transport.notifyDrained()
    this.#connection.reschedule()
  }

  onDrained(): void {
    this.#awaitsDrain = false
    if (this.#inFlight !== undefined) this.#resume(this.#inFlight.takeAll())
  }

  /** All packets that had come were carried out: endpoints that waited for room get their turn. */
  onWorkedOff(): void {
    if (!this.#isRoomFreed || this.#inFlight === undefined) return
    this.#isRoomFreed = false
    this.#resume(this.#inFlight.takeTurns())
  }

  forget(link: OutgoingLink): void {
    this.#inFlight?.forget(link)
  }

  clear(): void {
    this.#inFlight = undefined
  }

  #resume(links: readonly OutgoingLink[]): void {
    try {
      for (const link of links) link.resume()
    } catch (error) {
      this.#connection.fail(error)
    }
  }
}
