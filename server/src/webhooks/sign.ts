import { createHmac } from 'node:crypto'

/** A request as its receiver checks it: Standard Webhooks, https://www.standardwebhooks.com, "Signature scheme". */
export function signedHeaders(
  message: { readonly id: string; readonly atWallMs: number; readonly body: Buffer },
  secret: Uint8Array,
): { readonly [name: string]: string } {
  const timestamp = String(Math.floor(message.atWallMs / 1000))
  const signature = createHmac('sha256', secret)
    .update(`${message.id}.${timestamp}.`)
    .update(message.body)
    .digest('base64')
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  }
}
