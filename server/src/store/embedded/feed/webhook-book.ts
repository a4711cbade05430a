import type { Watch, WebhookBatch, WebhookKey, WebhookPosition } from '../../store.ts'
import { encodeFields, FieldReader } from '../fields.ts'
import type { Journal } from '../journal/journal.ts'
import { digestKey } from '../keys.ts'
import type { Rows } from '../rows.ts'

type KeptWebhook = WebhookKey & WebhookPosition

/** How far each webhook is, in memory and on disk. */
export class WebhookBook {
  readonly #journal: Journal
  readonly #webhooks = new Map<string, KeptWebhook>()

  constructor(journal: Journal) {
    this.#journal = journal
  }

  async load(rows: Rows): Promise<void> {
    await rows.scan('webhooks', (_key, value) => {
      const kept = decodeWebhook(value)
      this.#webhooks.set(webhookName(kept), kept)
    })
  }

  get(webhook: WebhookKey): WebhookPosition | undefined {
    const kept = this.#webhooks.get(webhookName(webhook))
    return kept && { doneSequence: kept.doneSequence, batch: kept.batch }
  }

  get all(): readonly WebhookKey[] {
    return [...this.#webhooks.values()].map(({ organizationId, webhookId }) => ({
      organizationId,
      webhookId,
    }))
  }

  /** New ones begin after `newestSequence`. */
  watch(watches: readonly Watch[], newestSequence: number): void {
    for (const { organizationId, webhookIds } of watches)
      for (const webhookId of webhookIds) {
        const webhook = { organizationId, webhookId }
        if (this.get(webhook) === undefined)
          this.#put({ ...webhook, doneSequence: newestSequence, batch: undefined })
      }
  }

  forget(webhook: WebhookKey): void {
    if (this.#webhooks.delete(webhookName(webhook))) this.#journal.remove('webhooks', webhookKey(webhook))
  }

  begin(webhook: WebhookKey, batch: WebhookBatch): void {
    const kept = this.#webhooks.get(webhookName(webhook))
    if (kept !== undefined) this.#put({ ...kept, batch })
  }

  /** Whether anything changed. */
  advance(webhook: WebhookKey, sequence: number): boolean {
    const kept = this.#webhooks.get(webhookName(webhook))
    if (kept === undefined || sequence <= kept.doneSequence) return false
    this.#put({ ...kept, doneSequence: sequence, batch: undefined })
    return true
  }

  /** Up to where every webhook of the organization is. */
  doneByAll(organizationId: string): number {
    let done = Number.POSITIVE_INFINITY
    for (const webhook of this.#webhooks.values())
      if (webhook.organizationId === organizationId) done = Math.min(done, webhook.doneSequence)
    return done
  }

  #put(webhook: KeptWebhook): void {
    this.#webhooks.set(webhookName(webhook), webhook)
    const { table, key, value } = webhookRow(webhook)
    this.#journal.put(table, key, value)
  }
}

export function webhookRow(webhook: KeptWebhook) {
  const { organizationId, webhookId, doneSequence, batch } = webhook
  const fields = [doneSequence, batch?.lastSequence ?? 0, batch?.sinceWallMs ?? 0]
  const value = encodeFields([organizationId, webhookId, ...fields])
  return { table: 'webhooks', key: webhookKey(webhook), value } as const
}

export function decodeWebhook(value: Uint8Array): KeptWebhook {
  const row = new FieldReader(value)
  const webhook = { organizationId: row.text(), webhookId: row.text() }
  const doneSequence = row.number()
  const batch = { lastSequence: row.number(), sinceWallMs: row.number() }
  return { ...webhook, doneSequence, batch: batch.lastSequence === 0 ? undefined : batch }
}

export function webhookKey({ organizationId, webhookId }: WebhookKey): Buffer {
  return digestKey(organizationId, webhookId)
}

/** Ids never contain a slash, so that no two webhooks share a name. */
export function webhookName({ organizationId, webhookId }: WebhookKey): string {
  return `${organizationId}/${webhookId}`
}
