import { readSentAtNs, readSequence } from './event.ts'
import type { TallyResult } from './messages.ts'
import { targetOf } from './roster.ts'

/** Events that one run can have; past it the run fails rather than being counted wrongly. */
const EVENTS_MAX = 1 << 24

/** Keeps account of every event that arrives: each must arrive once, whole, at its own endpoint. */
export class Tally {
  readonly #devices: number
  readonly #seen = new Uint8Array(EVENTS_MAX)
  readonly #latenciesUs = new Map<number, number>()
  #received = 0
  #duplicates = 0
  #strays = 0
  #damaged = 0

  constructor(devices: number) {
    this.#devices = devices
  }

  /** The event `bytes[start, end)` has arrived at `device`. */
  count(device: number, bytes: Buffer, start: number, end: number, nowNs: number): void {
    const sequence = readSequence(bytes, start, end)
    if (!(sequence < EVENTS_MAX)) this.#damaged++
    else if (targetOf(sequence, this.#devices) !== device) this.#strays++
    else if (this.#seen[sequence] === 1) this.#duplicates++
    else {
      this.#seen[sequence] = 1
      this.#received++
      const sentAtNs = readSentAtNs(bytes, end)
      if (sentAtNs > 0) this.#latenciesUs.set(sequence, (nowNs - sentAtNs) / 1000)
    }
  }

  get received(): number {
    return this.#received
  }

  /** @param issued events sent in all, with the sequence numbers from 0 on */
  result(issued: number, [from, to]: readonly [number, number]): TallyResult {
    const latencies = [...this.#latenciesUs].filter(([sequence]) => sequence >= from && sequence < to)
    return {
      received: this.#received,
      lost: issued - this.#seen.subarray(0, issued).reduce((sum, seen) => sum + seen, 0),
      duplicates: this.#duplicates,
      strays: this.#strays,
      damaged: this.#damaged,
      latenciesUs: latencies.map(([, us]) => us).sort((a, b) => a - b),
    }
  }
}
