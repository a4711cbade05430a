import { WEBHOOK_TEST_EVENT } from '@rollcall/protocol/webhook'
import type { WebhookKey } from '../store/store.ts'

/** A message with one event that says that nothing has happened. */
export function testMessage(
  { organizationId, webhookId }: WebhookKey,
  id: string,
  atWallMs: number,
): { readonly messageId: string; readonly body: Buffer } {
  const timestamp = new Date(atWallMs).toISOString()
  const event = { id, type: WEBHOOK_TEST_EVENT, timestamp, organizationId, webhookId, reason: 'requested' }
  return { messageId: `msg_${id}`, body: Buffer.from(JSON.stringify({ events: [event] })) }
}
