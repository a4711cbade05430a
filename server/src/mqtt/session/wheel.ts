import { type Clock, HeardTime } from '../../clock/clock.ts'

const TICK_MS = 250
const SLOTS = 64

/** Something that wants to be looked at again. */
export interface Due {
  /** Where the wheel keeps it: the wheel's alone, -1 at first. */
  wheelSlot: number
  /**
   * Called once the time given has come, at most {@link TICK_MS} late, and at the latest one turn of the wheel
   * (16 s) after the last time, however far off that time is. Returns when to call again, `undefined`: never.
   */
  due(nowMs: number): number | undefined
}

/**
 * One timer for all connections: each is in one slot of a wheel (Varghese and Lauck), so that a packet that
 * puts a deadline off only writes a number, and ten thousands of idle links cost one look each a turn.
 * Times are those of {@link Wheel.nowMs}, which pass only while the process can hear: nobody was silent, or stuck, because
 * it stood still, and whoever is looked at was read before. (docs/adr/0013-time-stands-still.md)
 */
export class Wheel {
  readonly #slots: readonly Set<Due>[] = Array.from({ length: SLOTS }, () => new Set())
  readonly #time: HeardTime
  /** The newest tick that was worked off. */
  #tick: number

  constructor(clock: Clock) {
    this.#time = new HeardTime(clock, { tickMs: TICK_MS, onHeard: (heardMs) => this.#turn(heardMs) })
    this.#tick = Math.floor(this.#time.nowMs() / TICK_MS)
  }

  /** The time on which deadlines are kept. */
  nowMs(): number {
    return this.#time.nowMs()
  }

  /** Has `due` called at `atMs`, in place of whatever was planned for it. */
  schedule(item: Due, atMs: number): void {
    this.remove(item)
    const tick = Math.ceil(atMs / TICK_MS)
    const inRange = Math.min(Math.max(tick, this.#tick + 1), this.#tick + SLOTS)
    item.wheelSlot = inRange % SLOTS
    this.#slots[item.wheelSlot]?.add(item)
  }

  remove(item: Due): void {
    this.#slots[item.wheelSlot]?.delete(item)
    item.wheelSlot = -1
  }

  close(): void {
    this.#time.close()
    for (const slot of this.#slots) slot.clear()
  }

  #turn(nowMs: number): void {
    const newest = Math.floor(nowMs / TICK_MS)
    // Where this was put off for longer than a turn every slot is worked off once.
    for (let tick = Math.max(this.#tick + 1, newest - SLOTS + 1); tick <= newest; tick++) {
      this.#tick = tick
      for (const item of [...(this.#slots[tick % SLOTS] ?? [])]) this.#visit(item, nowMs)
    }
  }

  #visit(item: Due, nowMs: number): void {
    const nextMs = item.due(nowMs)
    if (nextMs === undefined) this.remove(item)
    else this.schedule(item, nextMs)
  }
}
