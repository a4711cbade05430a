import type { Device, Life, Receipt } from './device.ts'

/** What the simulation knows of one sendEvent. */
export type Send = {
  readonly eventId: string
  /** `organization/user`. */
  readonly to: string
  readonly qos: 0 | 1
  /** Its idempotency key. */
  readonly key: string | undefined
  readonly startedStep: number
  /** On the monotonic clock. */
  readonly startedAtMs: number
  answeredStep: number | undefined
  readonly terms: SendTerms
}

/** On which terms it was sent; nearly always none. */
export type SendTerms = {
  readonly expiresAtWallMs?: number
  readonly collapseKey?: string
  /** Id of the event that the others get when one has acknowledged. */
  readonly cancelId?: string
  /** Id of the event that the others get when one has answered. */
  readonly overId?: string
}

/** An acknowledgement survives whatever happens this much later. */
const SOON_MS = 1000

/** What one life of a device was promised and got. */
type Account = {
  readonly owed: Set<string>
  readonly received: Set<string>
  readonly acknowledgedAtUpMs: Map<string, number>
}

export class Violation extends Error {}

/**
 * The promises that were made, and the invariants over them:
 * - nothing reaches a device that it was not addressed to;
 * - an event answered with a count reaches every endpoint counted while that endpoint lives;
 * - of two events sent one after the other the first arrives first;
 * - an event acknowledged more than a second before a crash does not come back;
 * - of events with one collapse key the newest answered reaches every endpoint counted.
 */
export class Ledger {
  readonly sends = new Map<string, Send>()
  readonly #accounts = new Map<Life, Account>()
  /** When the process died or the disk failed, from and to, in uptime. */
  readonly #troubles: { readonly fromUpMs: number; toUpMs: number }[] = []

  /** A crash, or the beginning of a failure or a standstill, whose end is told to what is returned. */
  trouble(upMs: number): (endUpMs: number) => void {
    const trouble = { fromUpMs: upMs, toUpMs: upMs }
    this.#troubles.push(trouble)
    return (endUpMs) => {
      trouble.toUpMs = Math.max(trouble.toUpMs, endUpMs)
    }
  }

  /** Whether the removal of an acknowledged event, soon durable, may have been lost. */
  #mayBeForgotten(acknowledgedAtUpMs: number): boolean {
    return this.#troubles.some(
      ({ fromUpMs, toUpMs }) =>
        acknowledgedAtUpMs >= fromUpMs - SOON_MS && acknowledgedAtUpMs <= toUpMs + SOON_MS,
    )
  }

  account(life: Life): Account {
    const known = this.#accounts.get(life)
    if (known !== undefined) return known
    const account = { owed: new Set<string>(), received: new Set<string>(), acknowledgedAtUpMs: new Map() }
    this.#accounts.set(life, account)
    return account
  }

  /** Whether an event will surely reach a life: not one that may end, or be cancelled, before it is sent. */
  owe(life: Life, send: Send): void {
    const { expiresAtWallMs, collapseKey, cancelId, overId } = send.terms
    if (expiresAtWallMs !== undefined || cancelId !== undefined || overId !== undefined) return
    if (collapseKey === undefined || !this.#isReplaced(send)) this.account(life).owed.add(send.eventId)
  }

  #isReplaced({ to, terms, startedStep }: Send): boolean {
    return [...this.sends.values()].some(
      (other) =>
        other.to === to && other.terms.collapseKey === terms.collapseKey && other.startedStep > startedStep,
    )
  }

  /** A newer event of a collapse key is on its way: the older ones may not come any more. */
  mayReplace(send: Send): void {
    for (const { owed } of this.#accounts.values())
      for (const eventId of owed) {
        const other = this.sends.get(eventId)
        if (other?.to === send.to && other.terms.collapseKey === send.terms.collapseKey) owed.delete(eventId)
      }
  }

  receive(device: Device, receipt: Receipt): void {
    const send = this.sends.get(receipt.eventId)
    const address = `${device.endpoint.organizationId}/${device.endpoint.userId}`
    if (send === undefined) throw new Violation(`${device.name} got ${receipt.eventId}, which nobody sent`)
    if (send.to !== address || receipt.address !== address)
      throw new Violation(`${device.name} got ${receipt.eventId}, which was for ${send.to}`)
    if (device.life !== undefined && receipt.qos === 1) this.#receiveInOrder(device, device.life, send)
  }

  #receiveInOrder(device: Device, life: Life, send: Send): void {
    const account = this.account(life)
    const acknowledgedAtUpMs = account.acknowledgedAtUpMs.get(send.eventId)
    if (acknowledgedAtUpMs !== undefined && !this.#mayBeForgotten(acknowledgedAtUpMs))
      throw new Violation(`${device.name} got ${send.eventId} again though it had acknowledged it`)
    if (account.received.has(send.eventId)) return
    for (const earlierId of account.owed) {
      const earlier = this.sends.get(earlierId)
      const isEarlier = earlier?.answeredStep !== undefined && earlier.answeredStep < send.startedStep
      if (isEarlier && !account.received.has(earlierId))
        throw new Violation(
          `${device.name} got ${send.eventId} before ${earlierId}, which was sent before it`,
        )
    }
    account.received.add(send.eventId)
  }

  acknowledge(life: Life, eventId: string, upMs: number): void {
    this.account(life).acknowledgedAtUpMs.set(eventId, upMs)
  }

  /** At the end, when every living device has had all the time it needs. */
  settleUp(device: Device): void {
    if (device.life === undefined) return
    const { owed, received } = this.account(device.life)
    for (const eventId of owed)
      if (!received.has(eventId))
        throw new Violation(`${device.name} never got ${eventId}, which was promised to it`)
  }
}
