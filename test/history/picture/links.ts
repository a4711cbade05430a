import type { EndpointName, LinkDown, LinkUp, Numbered } from '../lines.ts'

/** One endpoint on one link. */
export type Hold = {
  readonly up: Numbered<LinkUp>
  down: Numbered<LinkDown> | undefined
  /** The next that took the endpoint over. */
  successor: Hold | undefined
  /** Events that came over it and were not acknowledged. */
  readonly open: Set<string>
}

/** How long ago a link may have ended and still be spoken of. */
const LATE_MS_MAX = 600_000

/** Which links there are, and were until lately. */
export class Links {
  readonly #holds = new Map<string, Map<EndpointName, Hold>>()
  readonly #newest = new Map<EndpointName, Hold>()
  /** The newest of those at QoS 0. */
  readonly #silent = new Map<EndpointName, Hold>()

  up(up: Numbered<LinkUp>): void {
    const { link, endpoint } = up.line
    const hold: Hold = { up, down: undefined, successor: undefined, open: new Set() }
    const former = this.#newest.get(endpoint)
    // The same again: what was open comes again.
    if (former !== undefined && former.up.line.link !== link) former.successor = hold
    this.#newest.set(endpoint, hold)
    if (up.line.qos === 0) this.#silent.set(endpoint, hold)
    const holds = this.#holds.get(link) ?? new Map<EndpointName, Hold>()
    this.#holds.set(link, holds.set(endpoint, hold))
  }

  down(down: Numbered<LinkDown>): void {
    for (const hold of this.#holds.get(down.line.link)?.values() ?? []) hold.down ??= down
  }

  find(link: string, endpoint: EndpointName): Hold | undefined {
    return this.#holds.get(link)?.get(endpoint)
  }

  /** Whether it had a link since then on which nobody sends PUBACKs. */
  wasSilentSince(endpoint: EndpointName, ms: number): boolean {
    const hold = this.#silent.get(endpoint)
    return hold !== undefined && (hold.down?.line.atMs ?? Number.POSITIVE_INFINITY) >= ms
  }

  /** The link that has the endpoint, if one has. */
  holding(endpoint: EndpointName): Hold | undefined {
    const newest = this.#newest.get(endpoint)
    return newest?.down === undefined ? newest : undefined
  }

  forget(nowMs: number): void {
    for (const [link, holds] of this.#holds)
      if ([...holds.values()].every(({ down }) => down !== undefined && down.line.atMs < nowMs - LATE_MS_MAX))
        this.#holds.delete(link)
    for (const newest of [this.#newest, this.#silent])
      for (const [endpoint, { down }] of newest)
        if (down !== undefined && down.line.atMs < nowMs - LATE_MS_MAX) newest.delete(endpoint)
  }
}
