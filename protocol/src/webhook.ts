/** The type of the event that a webhook gets when somebody tries it: nothing has happened, and it asks for nothing. */
export const WEBHOOK_TEST_EVENT = 'WebhookTestEvent'

/** One request to a webhook's receiver, and what came of it: `GET /rtc-api/webhooks/{webhookId}/attempts`. */
export type WebhookAttempt = {
  /** ISO-8601 instant at which it was over. */
  readonly at: string
  /** `replay`: of dead letters. One may be added. */
  readonly kind: 'events' | 'replay' | 'test'
  /** The header `webhook-id`: the same for each try of the same events. */
  readonly messageId: string
  readonly events: number
  readonly tookMs: number
  /** Of the answer. Absent: there was none. */
  readonly status?: number
  /** Why it was not taken, a code. Absent: it was. */
  readonly failure?: string
}
