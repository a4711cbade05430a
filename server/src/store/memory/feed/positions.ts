import type { WebhookBatch, WebhookKey, WebhookPosition } from '../../store.ts'

/** How far each webhook is. */
export class Positions {
  readonly #positions = new Map<string, WebhookKey & WebhookPosition>()

  get all(): readonly WebhookKey[] {
    return [...this.#positions.values()].map(({ organizationId, webhookId }) => ({
      organizationId,
      webhookId,
    }))
  }

  get(webhook: WebhookKey): WebhookPosition | undefined {
    const known = this.#positions.get(webhookName(webhook))
    return known && { doneSequence: known.doneSequence, batch: known.batch }
  }

  /** A new one begins after `doneSequence`; one that is known stays where it is. */
  add({ organizationId, webhookId }: WebhookKey, doneSequence: number): void {
    const name = webhookName({ organizationId, webhookId })
    if (!this.#positions.has(name))
      this.#positions.set(name, { organizationId, webhookId, doneSequence, batch: undefined })
  }

  begin(webhook: WebhookKey, batch: WebhookBatch): void {
    const known = this.#positions.get(webhookName(webhook))
    if (known !== undefined) this.#positions.set(webhookName(webhook), { ...known, batch })
  }

  advance(webhook: WebhookKey, doneSequence: number): void {
    const known = this.#positions.get(webhookName(webhook))
    if (known !== undefined && doneSequence > known.doneSequence)
      this.#positions.set(webhookName(webhook), { ...known, doneSequence, batch: undefined })
  }

  /** Up to where every webhook of the organization is; without any, everything is over. */
  doneByAll(organizationId: string): number {
    const own = [...this.#positions.values()].filter((one) => one.organizationId === organizationId)
    return Math.min(...own.map(({ doneSequence }) => doneSequence))
  }

  forget(webhook: WebhookKey): void {
    this.#positions.delete(webhookName(webhook))
  }
}

/** Ids never contain a slash, so that no two webhooks share a name. */
export function webhookName({ organizationId, webhookId }: WebhookKey): string {
  return `${organizationId}/${webhookId}`
}
