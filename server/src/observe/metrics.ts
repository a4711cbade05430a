import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { type Gauges, shownNow } from './gauges.ts'
import { addSharing, type Sharing } from './sharing.ts'
import type { Statistics } from './statistics.ts'
import { addTallied, talliedHistograms } from './tallied.ts'
import { Tally } from './tally.ts'
import { productVersion } from './version.ts'

/** Prometheus metrics. The names of our own begin with `rollcall_`; the process's are the usual ones. No label is ever an id. */
export interface Metrics {
  reminderSent(): void
  /** Steps that the masks of one request took. */
  masksTook(steps: number): void
  linkClosed(reason: string): void
  /** One attempt to wake a device, or one that was not made. */
  wakeUp(kind: 'webPush' | 'webhook' | 'any', result: string): void
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
  /** A part of the store was lost, and begun anew. */
  dataLost(): void
  /** Lines of the audit log that could not be written. */
  auditLost(count: number): void
  /** What `/metrics` answers, with its content type. */
  render(): Promise<{ readonly contentType: string; readonly body: string }>
  /** What is read before each answer. */
  observe(read: () => Promise<Gauges>): void
  observeSharing(sharing: Sharing): void
}

const WALL_JUMPS_HELP = 'Jumps of the wall clock of more than 5 s.'

/**
 * Makes an own registry with the process's metrics (event-loop lag, memory, CPU) and ours. What organizations do is counted
 * by `tallies`, and shown all together.
 */
export function createMetrics(tallies: Pick<Statistics, 'total'>): Metrics {
  const registry = new Registry()
  addProcess(registry)
  const registers = [registry]
  const closed = new Counter({
    name: 'rollcall_links_closed_total',
    help: 'Connections for events closed: of MQTT, and streams.',
    labelNames: ['reason'],
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
  const wakeUps = new Counter({
    name: 'rollcall_wake_ups_total',
    help: 'Attempts to wake devices that sleep, and those that were dropped.',
    labelNames: ['kind', 'result'],
    registers,
  })
  const refusals = refusalCounter(registry)
  let total = new Tally()
  addTallied(registry, () => total)
  const shown = shownNow(registry)
  return {
    reminderSent: plainCounter(registry, 'rollcall_reminders_total', 'Keepalive reminders sent.'),
    masksTook: plainCounter(registry, 'rollcall_mask_steps_total', 'Steps that masks took, each some 10 ns.'),
    linkClosed: (reason) => closed.labels(reason).inc(),
    wakeUp: (kind, result) => wakeUps.labels(kind, result).inc(),
    webhookAttempt: (outcome) => attempts.labels(outcome).inc(),
    webhookEvents: (outcome, count) => webhookEvents.labels(outcome).inc(count),
    wallJumped: plainCounter(registry, 'rollcall_wall_clock_jumps_total', WALL_JUMPS_HELP),
    refused: (front, code) => refusals.labels(front, code).inc(),
    descriptorsExhausted: plainCounter(registry, ...EXHAUSTED),
    staleConnect: plainCounter(registry, ...STALE_CONNECTS),
    signInLocked: plainCounter(registry, ...SIGN_INS_LOCKED),
    ...mergedRevocations(),
    dataLost: plainCounter(registry, ...DATA_LOST),
    auditLost: plainCounter(registry, ...AUDIT_LOST),
    async render() {
      total = tallies.total()
      const { contentType, body } = await shown.render()
      return { contentType, body: `${body}\n${talliedHistograms(total)}` }
    },
    observe: shown.observe,
    observeSharing: (sharing) => addSharing(registry, sharing),
  }
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

const DATA_LOST = [
  'rollcall_store_data_lost_total',
  'Parts of the store that were found empty though they were begun: what they held is lost.',
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
