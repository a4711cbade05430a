import type { Random } from '../../clock/clock.ts'
import type { OutboundEvent } from '../../delivery/delivery.ts'

const PACKET_ID_MAX = 65_535

/** One endpoint of the connection: what is sent to it, and may have to wait for its turn. */
export interface OutgoingLink {
  /** Whether delivery may still hear of its events. */
  readonly isAttached: boolean
  /** There is room for its next event. */
  resume(): void
}

/** A QoS 1 event that was sent and not acknowledged yet. */
export type Unacknowledged = { readonly link: OutgoingLink; readonly event: OutboundEvent }

/**
 * The QoS 1 events on their way over one connection, all of its endpoints together, and the endpoints whose
 * next one had to wait (MQTT 5.0 §4.9).
 */
export class InFlight {
  readonly #max: number
  readonly #unacknowledged = new Map<number, Unacknowledged>()
  /** In the order of their turn. */
  readonly #waiting = new Set<OutgoingLink>()
  #lastPacketId: number

  /**
   * Packet ids start anywhere: a client that acknowledges late, over its next connection, what it got over the
   * last one must not acknowledge another event.
   */
  constructor(max: number, random: Random) {
    this.#max = max
    this.#lastPacketId = random.bytes(2).readUInt16BE(0)
  }

  get hasRoom(): boolean {
    return this.#unacknowledged.size < this.#max
  }

  /** Call only while there is room. Returns the packet id, never 0. */
  add(link: OutgoingLink, event: OutboundEvent): number {
    do this.#lastPacketId = (this.#lastPacketId % PACKET_ID_MAX) + 1
    while (this.#unacknowledged.has(this.#lastPacketId))
    this.#unacknowledged.set(this.#lastPacketId, { link, event })
    return this.#lastPacketId
  }

  /** `undefined` for an id that is not in flight: it is ignored. */
  remove(packetId: number): Unacknowledged | undefined {
    const found = this.#unacknowledged.get(packetId)
    this.#unacknowledged.delete(packetId)
    return found
  }

  wait(link: OutgoingLink): void {
    this.#waiting.add(link)
  }

  forget(link: OutgoingLink): void {
    this.#waiting.delete(link)
  }

  /**
   * Takes out as many waiting links as there is room for, the longest waiting first: whoever is refused again
   * waits at the end, so that no endpoint starves another. With nothing in flight it takes all, for then no
   * PUBACK would ever wake the rest.
   */
  takeTurns(): readonly OutgoingLink[] {
    const { size } = this.#unacknowledged
    return this.#take(size === 0 ? this.#waiting.size : this.#max - size)
  }

  takeAll(): readonly OutgoingLink[] {
    return this.#take(this.#waiting.size)
  }

  #take(count: number): readonly OutgoingLink[] {
    const taken = [...this.#waiting].slice(0, count)
    for (const link of taken) this.#waiting.delete(link)
    return taken
  }
}
