import type {
  Acknowledgement,
  Answer,
  Begin,
  CancelOthers,
  Delivery,
  EndpointName,
  Numbered,
  Send,
} from '../lines.ts'
import { type Call, mayCount } from './calls.ts'
import { Forgotten } from './forgotten.ts'

/** What one endpoint got of one event. */
export type Copy = {
  first: Numbered<Delivery> | undefined
  latest: Numbered<Delivery> | undefined
  /** Its first PUBACK; on a link at QoS 0, the delivery. */
  acknowledged: Numbered<Acknowledgement | Delivery> | undefined
}

/** An event by its id, from the call that sends it until nobody will speak of it any more. */
export class Event {
  readonly id: string
  /** Every call that sends it: none of what is only sent to cancel another. */
  readonly sends: Call<Send>[] = []
  readonly copies = new Map<EndpointName, Copy>()
  /** Who said first that they have it: by a PUBACK, a delivery at QoS 0, or the begin of an answer. */
  readonly takers = new Map<EndpointName, Numbered<Acknowledgement | Delivery | Begin>>()
  /** Who has begun to answer it. */
  readonly answerers = new Map<EndpointName, Numbered<Begin & Answer>>()
  /** The event that this one says is over. */
  cancels: Event | undefined
  /** The other way round. */
  cancelledBy: Event | undefined
  /** A race that it is part of is not judged yet. */
  isHeld = false
  lastMs = 0

  constructor(id: string) {
    this.id = id
  }

  copyAt(endpoint: EndpointName): Copy {
    const copy = this.copies.get(endpoint) ?? { first: undefined, latest: undefined, acknowledged: undefined }
    this.copies.set(endpoint, copy)
    return copy
  }

  /** Calls that may have sent it. */
  get counting(): readonly Call<Send>[] {
    return this.sends.filter(mayCount)
  }

  /** It is in a mailbox at most once, however often it was asked for: by one call, or under one key. */
  get isOneCopy(): boolean {
    const [first, ...others] = this.counting
    const key = first?.begin.line.key
    return others.length === 0 || (key !== undefined && others.every(({ begin }) => begin.line.key === key))
  }

  get cancelOthers(): CancelOthers | undefined {
    return this.sends[0]?.begin.line.cancelOthers
  }
}

/** After so long without a line about it, and when nobody is owed it, an event is forgotten: longer than a key lives. */
export const FORGET_AFTER_MS = 660_000

/** Events that somebody may speak of still. Bounded by what is under way, not by how many there were. */
export class Events {
  /** In the order of the last line about each. */
  readonly #byId = new Map<string, Event>()
  readonly #forgotten = new Forgotten()

  /** Every event of which there is a line. */
  find(id: string): Event | undefined {
    return this.#byId.get(id)
  }

  /** May be true of an event that never was. */
  isForgotten(id: string): boolean {
    return this.#forgotten.has(id)
  }

  get size(): number {
    return this.#byId.size
  }

  /** The event, now that there is a line about it. */
  touch(id: string, nowMs: number): Event {
    const event = this.#byId.get(id) ?? new Event(id)
    event.lastMs = nowMs
    this.#byId.delete(id)
    this.#byId.set(id, event)
    return event
  }

  /** Forgets what is over. @param isOwed whether somebody is owed it, or asks for it still */
  forget(nowMs: number, isOwed: (event: Event) => boolean): readonly Event[] {
    const gone: Event[] = []
    const still: Event[] = []
    for (const event of this.#byId.values()) {
      if (event.lastMs > nowMs - FORGET_AFTER_MS) break
      const isKept = isOwed(event) || event.isHeld
      ;(isKept ? still : gone).push(event)
    }
    // Those are looked at again after as long.
    for (const { id } of still) this.touch(id, nowMs)
    for (const { id } of gone) {
      this.#byId.delete(id)
      this.#forgotten.add(id)
    }
    return gone
  }
}
