import type { Statistics } from '@rollcall/protocol/statistics'

const BOUNDS_MS = [1, 10, 100]
const NOBODY = [0, 0, 0, 0]

/** What differs from a server where nothing has happened. */
export type Changes = {
  readonly since?: string
  readonly registrations?: number
  readonly connected?: number
  readonly mailboxEvents?: number
  readonly qos0?: Partial<Statistics['qos0']>
  readonly qos1?: Partial<Statistics['qos1']>
  readonly ended?: Partial<Statistics['ended']>
  readonly qos0Ms?: readonly number[]
  readonly qos1Ms?: readonly number[]
  readonly latenessMs?: readonly number[]
}

/** An answer of `GET /rtc-api/statistics`, for tests. */
export function statisticsOf(atMs: number, changes: Changes): Statistics {
  const { qos0, qos1, ended, qos0Ms = NOBODY, qos1Ms = NOBODY, latenessMs = NOBODY, ...gauges } = changes
  return {
    at: new Date(atMs).toISOString(),
    since: '1969-12-31T23:00:00.000Z',
    organizationId: 'acme',
    registrations: 0,
    connected: 0,
    mailboxEvents: 0,
    mailboxBytes: 0,
    ...gauges,
    qos0: { events: 0, sent: 0, notConnected: 0, discarded: 0, answered: 0, ...qos0 },
    qos1: {
      ...{ events: 0, copies: 0, acknowledged: 0, expired: 0 },
      ...{ discarded: 0, registrationEnded: 0, superseded: 0, mailboxFull: 0, woken: 0, answered: 0 },
      ...qos1,
    },
    ended: { expired: 0, unregistered: 0, ...ended },
    deliveryMs: { bounds: BOUNDS_MS, qos0: qos0Ms, qos1: qos1Ms },
    expiryLatenessMs: { bounds: BOUNDS_MS, counts: latenessMs },
  }
}
