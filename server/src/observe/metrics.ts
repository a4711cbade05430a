import {
  Counter,
  type CounterConfiguration,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  Registry,
} from 'prom-client'
import { type Gauges, shownNow } from './gauges.ts'
import { addSharing, type Sharing } from './sharing.ts'
import { productVersion } from './version.ts'

export type EventOutcome =
  | 'not_connected'
  | 'sent'
  | 'queued'
  | 'acknowledged'
  | 'answered'
  | 'expired'
  | 'dropped_congested'
  | 'mailbox_full'
  | 'discarded'

/** Prometheus metrics. The names of our own begin with `rollcall_`; the process's are the usual ones. No label is ever an id. */
export interface Metrics {
  /** Events that a request was answered for. */
  eventAccepted(qos: 0 | 1): void
  /** One endpoint's part of an event. */
  eventOutcome(outcome: EventOutcome, count?: number): void
  /** From acceptance to the socket, or for QoS 1 to the acknowledgement, of an event that found a link. */
  deliveryMs(qos: 0 | 1, elapsedMs: number): void
  /** How long after its deadline an endpoint was expired. */
  expiryLatenessMs(lateMs: number): void
  reminderSent(): void
  /** Steps that the masks of one request took. */
  masksTook(steps: number): void
  linkClosed(reason: string): void
  /** `evicted`: it made room for another of its user. */
  registrationEnded(how: 'expired' | 'unregistered' | 'evicted'): void
  /** One request to a webhook. */
  webhookAttempt(outcome: 'delivered' | 'failed'): void
  /** Events that a webhook took, or that were given up. */
  webhookEvents(outcome: 'delivered' | 'dead_lettered', count: number): void
  refused(front: 'http' | 'mqtt', code: string): void
  /** The wall clock jumped by more than 5 s. */
  wallJumped(): void
  /** It was looked, and no file descriptor was left. */
  descriptorsExhausted(): void
  /** An expired token opened a connection. */
  staleConnect(): void
  /** The sign-ins of a user are held off; counted as often as it is told. */
  signInLocked(): void
  /** So many revocations of a user became one. */
  revocationsMerged(count: number): void
  /** How many did since the start. */
  mergedRevocations(): number
  /** Lines of the audit log that could not be written. */
  auditLost(count: number): void
  /** What `/metrics` answers, with its content type. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>
  /** What is read before each answer. */
  observe(read: () => Promise<Gauges>): void
  observeSharing(sharing: Sharing): void
}

const LATENCY_BUCKETS_S = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]

const WALL_JUMPS_HELP = 'Jumps of the wall clock of more than 5 s.'

/** Makes an own registry with the process's metrics (event-loop lag, memory, CPU) and ours. */
export function createMetrics(): Metrics {
  const registry = new Registry()
  addProcess(registry)
  const registers = [registry]
  const accepted = hotCounter({
    name: 'rollcall_events_accepted_total',
    help: 'Events answered with a count.',
    labelNames: ['qos'],
    registers,
  })
  const outcomes = hotCounter({
    name: 'rollcall_event_outcomes_total',
    help: 'What became of events, per endpoint.',
    labelNames: ['outcome'],
    registers,
  })
  const delivery = new Histogram({
    name: 'rollcall_delivery_seconds',
    help: 'Acceptance to socket (QoS 0) or to acknowledgement (QoS 1).',
    labelNames: ['qos'],
    buckets: LATENCY_BUCKETS_S,
    registers,
  })
  const lateness = new Histogram({
    name: 'rollcall_expiry_lateness_seconds',
    help: 'Time between a deadline and its expiry.',
    buckets: LATENCY_BUCKETS_S,
    registers,
  })
  const closed = new Counter({
    name: 'rollcall_links_closed_total',
    help: 'Connections for events closed: of MQTT, and streams.',
    labelNames: ['reason'],
    registers,
  })
  const ended = new Counter({
    name: 'rollcall_registrations_ended_total',
    help: 'Registrations ended.',
    labelNames: ['how'],
    registers,
  })
  const attempts = new Counter({
    name: 'rollcall_webhook_attempts_total',
    help: 'Requests to webhooks.',
    labelNames: ['outcome'],
    registers,
  })
  const webhookEvents = new Counter({
    name: 'rollcall_webhook_events_total',
    help: 'Events that webhooks took, or that became dead letters.',
    labelNames: ['outcome'],
    registers,
  })
  const refusals = refusalCounter(registry)
  // Label lookups cost more than the increment: children of the hot paths are resolved once.
  const deliveryOf = [delivery.labels('0'), delivery.labels('1')] as const
  return {
    eventAccepted: (qos) => accepted(qos === 0 ? '0' : '1', 1),
    eventOutcome: (outcome, count = 1) => outcomes(outcome, count),
    deliveryMs: (qos, elapsedMs) => deliveryOf[qos].observe(elapsedMs / 1000),
    expiryLatenessMs: (lateMs) => lateness.observe(lateMs / 1000),
    reminderSent: plainCounter(registry, 'rollcall_reminders_total', 'Keepalive reminders sent.'),
    masksTook: plainCounter(registry, 'rollcall_mask_steps_total', 'Steps that masks took, each some 10 ns.'),
    linkClosed: (reason) => closed.labels(reason).inc(),
    registrationEnded: (how) => ended.labels(how).inc(),
    webhookAttempt: (outcome) => attempts.labels(outcome).inc(),
    webhookEvents: (outcome, count) => webhookEvents.labels(outcome).inc(count),
    wallJumped: plainCounter(registry, 'rollcall_wall_clock_jumps_total', WALL_JUMPS_HELP),
    refused: (front, code) => refusals.labels(front, code).inc(),
    descriptorsExhausted: plainCounter(registry, ...EXHAUSTED),
    staleConnect: plainCounter(registry, ...STALE_CONNECTS),
    signInLocked: plainCounter(registry, ...SIGN_INS_LOCKED),
    ...mergedRevocations(),
    auditLost: plainCounter(registry, ...AUDIT_LOST),
    ...shownNow(registry),
    observeSharing: (sharing) => addSharing(registry, sharing),
  }
}

/**
 * A counter with one label of a closed list, for what happens with every event: between two looks at it a number is added
 * to, because the counter itself makes out its labels each time.
 */
function hotCounter(options: CounterConfiguration<string>): (value: string, count: number) => void {
  const counts = new Map<string, number>()
  new Counter({
    ...options,
    collect() {
      for (const [value, count] of counts) this.labels(value).inc(count)
      counts.clear()
    },
  })
  return (value, count) => void counts.set(value, (counts.get(value) ?? 0) + count)
}

/** Which version runs, and what the process takes. */
function addProcess(registry: Registry): void {
  // Under their standard names, `process_…` and `nodejs_…`, so that dashboards for any Node.js process fit.
  collectDefaultMetrics({ register: registry })
  const name = 'rollcall_build_info'
  const help = 'Which version of Rollcall this is.'
  new Gauge({ name, help, labelNames: ['version'], registers: [registry] }).labels(productVersion()).set(1)
}

const EXHAUSTED = [
  'rollcall_descriptors_exhausted_total',
  'Seconds in which no file descriptor was left, and connections were closed unheard.',
] as const

const STALE_CONNECTS = [
  'rollcall_stale_connects_total',
  'MQTT connections that were opened with an expired token.',
] as const

const SIGN_INS_LOCKED = [
  'rollcall_sign_in_lockouts_total',
  'Users whose sign-ins were held off because of too many attempts, each once in 15 minutes.',
] as const

const AUDIT_LOST = ['rollcall_audit_lost_total', 'Lines of the audit log that could not be written.'] as const

/** A counter without labels, as what counts one more. */
function plainCounter(registry: Registry, name: string, help: string): (count?: number) => void {
  const counter = new Counter({ name, help, registers: [registry] })
  return (count = 1) => counter.inc(count)
}

function refusalCounter(registry: Registry): Counter<'front' | 'code'> {
  return new Counter({
    name: 'rollcall_refused_total',
    help: 'Requests and packets refused.',
    labelNames: ['front', 'code'],
    registers: [registry],
  })
}

/** Shown with what else was dropped for being too much. */
function mergedRevocations(): Pick<Metrics, 'revocationsMerged' | 'mergedRevocations'> {
  let merged = 0
  return {
    revocationsMerged(count) {
      merged += count
    },
    mergedRevocations: () => merged,
  }
}
