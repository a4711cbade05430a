import {
  type LinkHandle,
  type LinkName,
  type OnTiding,
  type Registration,
  type RegistrationKey,
  type Tiding,
  toKey,
} from '../../store.ts'
import type { Links, Slot, WaitingEntry } from './slots.ts'

/** How many numbered tidings each process was told, and who is dead. Of all processes together. */
export class Nodes {
  readonly told = new Map<string, number>()
  readonly buried = new Set<string>()
}

/** It has one part, which counts everything. */
export const PART = 0

type Without<One, Names extends string> = One extends unknown ? Omit<One, Names> : never

/** What is said to whoever holds a registration. */
type ForHolder = Without<
  Extract<Tiding, { readonly linkId: number; readonly number: number }>,
  'registration' | 'linkId' | 'part' | 'number'
>

type NeighboursOptions = {
  readonly nodes: Nodes
  readonly links: Links
  /** This process; `undefined`: it is the only one. */
  readonly self: () => string | undefined
  readonly onTiding: OnTiding
}

/** One process among those that have the store: its links are known by its incarnation, and others' are told. */
export class Neighbours {
  readonly #nodes: Nodes
  readonly #links: Links
  readonly #self: () => string | undefined
  readonly #onTiding: OnTiding

  constructor({ nodes, links, self, onTiding }: NeighboursOptions) {
    this.#nodes = nodes
    this.#links = links
    this.#self = self
    this.#onTiding = onTiding
  }

  /** Whether another process's link holds the registration. */
  isElsewhere({ registrationId }: RegistrationKey): boolean {
    const node = this.#links.of(registrationId)?.node
    return node !== undefined && node !== this.#self()
  }

  get self(): string | undefined {
    return this.#self()
  }

  get isBuried(): boolean {
    return this.#nodes.buried.has(this.#self() ?? '')
  }

  /** This process's link, as all know it. */
  own(link: LinkHandle): LinkHandle {
    const node = this.#self()
    return node === undefined ? link : { linkId: link.linkId, peer: link.peer, node }
  }

  name({ linkId }: LinkName): LinkName {
    const node = this.#self()
    return node === undefined ? { linkId } : { linkId, node }
  }

  /** A link as this process sees it. */
  seen(link: LinkHandle | undefined): LinkHandle | undefined {
    if (link?.node === undefined || link.node !== this.#self()) return link
    return { linkId: link.linkId, peer: link.peer }
  }

  /** Whoever holds the registration is told; this process too, which may never hear the answer that says the same. */
  tellHolder(registration: RegistrationKey, what: ForHolder): void {
    this.tell(this.#links.of(registration.registrationId), registration, what)
  }

  tell(link: LinkHandle | undefined, registration: RegistrationKey, what: ForHolder): void {
    if (link?.node === undefined) return
    const number = (this.#nodes.told.get(link.node) ?? 0) + 1
    this.#nodes.told.set(link.node, number)
    const subject = { registration: toKey(registration), linkId: link.linkId }
    this.#onTiding(link.node, { ...what, ...subject, part: PART, number })
  }

  /** It has no number: a reminder that comes late is none. */
  remind(registration: Registration): void {
    const { keepAliveSeconds, remainingMs } = registration
    const link = this.#links.of(registration.registrationId)
    if (link === undefined) return
    const subject = { registration: toKey(registration), linkId: link.linkId }
    this.mention(link.node, { kind: 'reminded', ...subject, keepAliveSeconds, remainingMs })
  }

  /** Nor has this: whoever waits looks when its time is over. */
  mention(node: string | undefined, tiding: Tiding): void {
    if (node !== undefined && node !== this.#self()) this.#onTiding(node, tiding)
  }

  entryOver(slot: Slot, { sequence, awaitedAt }: WaitingEntry, isAcknowledged: boolean): void {
    const registration = toKey(slot.registration)
    this.mention(awaitedAt, { kind: 'entry_over', registration, sequence, isAcknowledged })
  }

  registrationOver(slot: Slot, how: 'expired' | 'unregistered'): void {
    for (const entry of slot.mailbox) this.entryOver(slot, entry, false)
    this.tellHolder(slot.registration, { kind: 'registration_over', how })
  }
}
