import { RollcallError } from '@rollcall/protocol/error-code'
import type { Webhooks } from '../../server/src/webhooks/webhooks.ts'

/** The webhooks of a server whose organizations have none. */
export function noWebhooks(): Webhooks {
  const unknown = (): never => {
    throw new RollcallError('not_found')
  }
  return {
    list: async () => [],
    count: () => 0,
    concerning: async () => ({ waiting: [], deadLetters: [] }),
    deadLetters: async () => unknown(),
    replay: async () => unknown(),
    removeDeadLetters: async () => unknown(),
    attempts: () => unknown(),
    test: async () => unknown(),
    close: async () => undefined,
  }
}

/** A server that wakes nobody. */
export const NO_WAKE_UPS = { accept: () => undefined, vapidPublicKey: undefined, webhookIds: () => [] }
