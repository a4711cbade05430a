import type { WebhookKey, WebhookLease } from './store.ts'

type Held = { readonly epoch: number; readonly lapsesAtMs: number; readonly by: string | undefined }

/**
 * Who has which lease; the same in every engine that keeps them in memory, where they die with the process as those do who
 * have them. Service time.
 */
export class Leases {
  readonly #held = new Map<string, Held>()
  #newestEpoch = 0

  /** @param by which process, where there are several; `undefined` comes back where somebody else has it */
  take(
    webhook: WebhookKey,
    forMs: number,
    own: WebhookLease | undefined,
    nowMs: number,
    by?: string,
  ): WebhookLease | undefined {
    const name = nameOf(webhook)
    const held = this.#held.get(name)
    const isFree = held === undefined || nowMs >= held.lapsesAtMs
    if (!isFree && held.epoch !== own?.epoch) return undefined
    const epoch = isFree ? ++this.#newestEpoch : held.epoch
    this.#held.set(name, { epoch, lapsesAtMs: nowMs + forMs, by })
    return { webhook, epoch }
  }

  holds({ webhook, epoch }: WebhookLease, nowMs: number): boolean {
    const held = this.#held.get(nameOf(webhook))
    return held?.epoch === epoch && nowMs < held.lapsesAtMs
  }

  release({ webhook, epoch }: WebhookLease): void {
    if (this.#held.get(nameOf(webhook))?.epoch === epoch) this.forget(webhook)
  }

  /** What a dead process has is free. */
  freeOf(process: string): void {
    for (const [name, { by }] of this.#held) if (by === process) this.#held.delete(name)
  }

  forget(webhook: WebhookKey): void {
    this.#held.delete(nameOf(webhook))
  }
}

/** Ids never contain a slash, so that no two webhooks share a name. */
function nameOf({ organizationId, webhookId }: WebhookKey): string {
  return `${organizationId}/${webhookId}`
}
