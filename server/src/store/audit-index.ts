import type { AuditBounds } from './bounds.ts'
import { Tallies } from './tallies.ts'

/** Of one line, what is kept in memory. */
export type IndexedLine = {
  readonly sequence: number
  readonly atWallMs: number
  readonly organizationId: string
}

/** Which lines of the audit log there are, by organization, oldest first. For engines that keep that in memory. */
export class AuditIndex {
  readonly #bounds: AuditBounds
  readonly #queues = new Map<string, Queue>()
  readonly #counts = new Tallies()
  #size = 0

  constructor(bounds: AuditBounds) {
    this.#bounds = bounds
  }

  /** Sequences have to ascend. */
  add(line: IndexedLine): void {
    const owner = this.#ownerOf(line)
    const queue = this.#queues.get(owner) ?? new Queue()
    this.#queues.set(owner, queue)
    queue.add(line)
    this.#counts.add(owner)
    this.#size++
  }

  /** Takes out the lines that are too many, each the oldest of whoever has the most then. */
  takeExcess(): readonly IndexedLine[] {
    const taken: IndexedLine[] = []
    while (this.#size > this.#bounds.auditLinesMax) {
      const line = this.#take(this.#counts.largest() ?? '')
      if (line === undefined) break
      taken.push(line)
    }
    return taken
  }

  /** Takes out lines that are too old, at most `max`. */
  takeOld(nowWallMs: number, max: number): readonly IndexedLine[] {
    const untilWallMs = nowWallMs - this.#bounds.auditDays * 86_400_000
    const taken: IndexedLine[] = []
    for (const [owner, queue] of this.#queues)
      while (taken.length < max && (queue.oldest?.atWallMs ?? Number.POSITIVE_INFINITY) <= untilWallMs) {
        const line = this.#take(owner)
        if (line !== undefined) taken.push(line)
      }
    return taken
  }

  /** As `AuditStore.read` has it, of those that are not too old. */
  newest(
    organizationId: string | undefined,
    before: number,
    { nowWallMs, max }: { readonly nowWallMs: number; readonly max: number },
  ): readonly IndexedLine[] {
    const fromWallMs = nowWallMs - this.#bounds.auditDays * 86_400_000
    const queues = this.#tellsApart && organizationId !== undefined ? [organizationId] : this.#queues.keys()
    const found: IndexedLine[] = []
    for (const owner of queues) {
      let left = max
      for (const line of this.#queues.get(owner)?.backwards(before) ?? []) {
        if (left === 0 || line.atWallMs <= fromWallMs) break
        if (organizationId !== undefined && line.organizationId !== organizationId) continue
        found.push(line)
        left--
      }
    }
    return found.sort((one, other) => other.sequence - one.sequence).slice(0, max)
  }

  /** At 100 per cent nobody is told apart, and the oldest of all goes. */
  get #tellsApart(): boolean {
    return this.#bounds.organizationSharePercent < 100
  }

  #ownerOf({ organizationId }: IndexedLine): string {
    return this.#tellsApart ? organizationId : ''
  }

  #take(owner: string): IndexedLine | undefined {
    const queue = this.#queues.get(owner)
    const line = queue?.take()
    if (line === undefined) return undefined
    this.#counts.remove(owner)
    this.#size--
    if (queue?.oldest === undefined) this.#queues.delete(owner)
    return line
  }
}

/** Begins anew once so many of its places are empty. */
const EMPTY_MAX = 1_000

class Queue {
  #lines: IndexedLine[] = []
  #from = 0

  get oldest(): IndexedLine | undefined {
    return this.#lines[this.#from]
  }

  add(line: IndexedLine): void {
    this.#lines.push(line)
  }

  take(): IndexedLine | undefined {
    const line = this.#lines[this.#from]
    if (line === undefined) return undefined
    this.#from++
    if (this.#from >= EMPTY_MAX && this.#from * 2 >= this.#lines.length) {
      this.#lines = this.#lines.slice(this.#from)
      this.#from = 0
    }
    return line
  }

  /** Those of smaller sequences, newest first. */
  *backwards(before: number): Iterable<IndexedLine> {
    for (let at = this.#endOf(before) - 1; at >= this.#from; at--) {
      const line = this.#lines[at]
      if (line !== undefined) yield line
    }
  }

  /** Where the sequence is, or would be. */
  #endOf(before: number): number {
    let [low, high] = [this.#from, this.#lines.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#lines[middle]?.sequence ?? 0) < before) low = middle + 1
      else high = middle
    }
    return low
  }
}
