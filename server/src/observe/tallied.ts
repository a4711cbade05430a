import { Counter, type CounterConfiguration, type Registry } from 'prom-client'
import { BOUNDS_MS, type EventOutcome, type Tally, type Times } from './tally.ts'

/** Under which label an outcome is shown. */
const SHOWN_AS: Readonly<Partial<Record<EventOutcome, string>>> = {
  superseded: 'discarded',
  registration_ended: 'discarded',
  too_large: 'discarded',
}

const ACCEPTED = {
  name: 'rollcall_events_accepted_total',
  help: 'Events answered with a count.',
  labelNames: ['qos'],
}
const OUTCOMES = {
  name: 'rollcall_event_outcomes_total',
  help: 'What became of events, per endpoint.',
  labelNames: ['outcome'],
}
const ENDED = {
  name: 'rollcall_registrations_ended_total',
  help: 'Registrations ended.',
  labelNames: ['how'],
}
const DELIVERY = {
  name: 'rollcall_delivery_seconds',
  help: 'Acceptance to socket (QoS 0) or to acknowledgement (QoS 1).',
  labelNames: ['qos'],
}
const LATENESS = {
  name: 'rollcall_expiry_lateness_seconds',
  help: 'Time between a deadline and its expiry.',
}

type Sample = readonly [label: string, count: number]

/** Adds the counters whose numbers are the tallies', all together. `total` is asked at each scrape. */
export function addTallied(registry: Registry, total: () => Tally): void {
  const add = (options: CounterConfiguration<string>, read: (total: Tally) => readonly Sample[]) =>
    new Counter({
      ...options,
      registers: [registry],
      collect() {
        this.reset()
        for (const [value, count] of read(total())) this.labels(value).inc(count)
      },
    })
  add(ACCEPTED, ({ qos0, qos1 }) => [
    ['0', qos0.events],
    ['1', qos1.events],
  ])
  add(OUTCOMES, outcomes)
  add(ENDED, ({ ended }) => Object.entries(ended))
}

function outcomes({ qos0, qos1 }: Tally): readonly Sample[] {
  const { events: _, ...names } = qos0
  return (Object.keys(names) as EventOutcome[]).map((outcome) => [
    SHOWN_AS[outcome] ?? outcome,
    qos0[outcome] + qos1[outcome],
  ])
}

/** The histograms of the tallies, as text: the library's own hold only what they were told one by one. */
export function talliedHistograms({ deliveryMs, expiryLatenessMs }: Tally): string {
  return [
    ...head(DELIVERY),
    ...series(DELIVERY.name, deliveryMs.qos0, 'qos="0"'),
    ...series(DELIVERY.name, deliveryMs.qos1, 'qos="1"'),
    '',
    ...head(LATENESS),
    ...series(LATENESS.name, expiryLatenessMs),
    '',
  ].join('\n')
}

function head({ name, help }: typeof LATENESS): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`]
}

function series(name: string, { counts, sumMs }: Times, label?: string): readonly string[] {
  const bounds = [...BOUNDS_MS.map((ms) => `${ms / 1000}`), '+Inf']
  let count = 0
  const buckets = bounds.map((bound, index) => {
    count += counts[index] ?? 0
    return `${name}_bucket{le="${bound}"${label === undefined ? '' : `,${label}`}} ${count}`
  })
  const labels = label === undefined ? '' : `{${label}}`
  return [...buckets, `${name}_sum${labels} ${sumMs / 1000}`, `${name}_count${labels} ${count}`]
}
