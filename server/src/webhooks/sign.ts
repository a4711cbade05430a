import { createHmac } from 'node:crypto'

type Message = { readonly id: string; readonly atWallMs: number; readonly body: Buffer }

/**
 * A request as its receiver checks it: Standard Webhooks, https://www.standardwebhooks.com, "Signature scheme".
 *
 * @param secrets each gives a signature, with a space between them: a receiver looks for one that it can check, so that it
 *   may change from one secret to the next when it likes
 */
export function signedHeaders(
  message: Message,
  secrets: readonly Uint8Array[],
): { readonly [name: string]: string } {
  const timestamp = String(Math.floor(message.atWallMs / 1000))
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map((secret) => signatureOf(message, timestamp, secret)).join(' '),
  }
}

function signatureOf({ id, body }: Message, timestamp: string, secret: Uint8Array): string {
  return `v1,${createHmac('sha256', secret).update(`${id}.${timestamp}.`).update(body).digest('base64')}`
}
