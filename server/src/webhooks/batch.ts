import { createHash } from 'node:crypto'
import { WEBHOOK_BATCH_BYTES_MAX, WEBHOOK_BATCH_EVENTS_MAX } from '@rollcall/protocol/limits'
import type { FeedEntry, WebhookKey } from '../store/store.ts'
import { eventIdOf, lifecycleEvent } from './lifecycle-event.ts'

const OPENING = '{"events":['
const CLOSING = ']}'

/** What is sent in one request. */
export type Batch = {
  /** The same for the same events to the same webhook, so also for every attempt. */
  readonly messageId: string
  readonly entries: readonly FeedEntry[]
  readonly body: Buffer
}

/** Makes a batch of the first entries, as many as it may hold; `undefined` of none. */
export function batchOf(webhook: WebhookKey, entries: readonly FeedEntry[]): Batch | undefined {
  const texts: string[] = []
  let bytes = OPENING.length + CLOSING.length
  for (const entry of entries.slice(0, WEBHOOK_BATCH_EVENTS_MAX)) {
    const text = JSON.stringify(lifecycleEvent(entry))
    bytes += Buffer.byteLength(text) + 1
    if (texts.length > 0 && bytes > WEBHOOK_BATCH_BYTES_MAX) break
    texts.push(text)
  }
  if (texts.length === 0) return undefined
  const taken = entries.slice(0, texts.length)
  const body = Buffer.from(`${OPENING}${texts.join(',')}${CLOSING}`)
  return { messageId: messageIdOf(webhook, taken), entries: taken, body }
}

function messageIdOf({ organizationId, webhookId }: WebhookKey, entries: readonly FeedEntry[]): string {
  const hash = createHash('sha256').update(
    JSON.stringify([organizationId, webhookId, ...entries.map(eventIdOf)]),
  )
  return `msg_${hash.digest('base64url').slice(0, 27)}`
}
