import type { LinkHandle, LinkName } from './store.ts'

type Holding<Subject> = { readonly link: LinkHandle; readonly subject: Subject; claimedThrough: number }

/**
 * Which link holds which registration, with what an engine wants to know of that when it goes, and what is in flight. A link
 * claims in the order of the mailbox, so that one number says it. The same in every engine that keeps links in memory.
 */
export class HeldLinks<Subject> {
  readonly #holdings = new Map<number, Holding<Subject>>()

  /** Returns what was held before. */
  attach(registrationId: number, link: LinkHandle, subject: Subject): Holding<Subject> | undefined {
    const former = this.#holdings.get(registrationId)
    this.#holdings.set(registrationId, { link, subject, claimedThrough: 0 })
    return former !== undefined && isSame(former.link, link) ? undefined : former
  }

  /** Returns what it held; `undefined`: nothing, for another link has taken its place. */
  detach(registrationId: number, link: LinkName): Holding<Subject> | undefined {
    const held = this.#holdings.get(registrationId)
    if (held === undefined || !isSame(held.link, link)) return undefined
    this.#holdings.delete(registrationId)
    return held
  }

  /** The link that holds it. */
  of(registrationId: number): LinkHandle | undefined {
    return this.#holdings.get(registrationId)?.link
  }

  isHeldBy(registrationId: number, link: LinkName): boolean {
    const held = this.#holdings.get(registrationId)
    return held !== undefined && isSame(held.link, link)
  }

  /** Those of one process, with whose registrations they hold. */
  ofNode(node: string): readonly (readonly [registrationId: number, holding: Holding<Subject>])[] {
    return [...this.#holdings].filter(([, { link }]) => link.node === node)
  }

  claim(registrationId: number, sequence: number): void {
    const held = this.#holdings.get(registrationId)
    if (held !== undefined) held.claimedThrough = Math.max(held.claimedThrough, sequence)
  }

  isInFlight(registrationId: number, sequence: number): boolean {
    return sequence <= (this.#holdings.get(registrationId)?.claimedThrough ?? 0)
  }

  /** The process ends. */
  clear(): void {
    this.#holdings.clear()
  }
}

function isSame(one: LinkName, other: LinkName): boolean {
  return one.linkId === other.linkId && one.node === other.node
}
