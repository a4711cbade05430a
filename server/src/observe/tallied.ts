import { Counter, type Registry } from 'prom-client'
import { BOUNDS_MS, type EventOutcome, type Tally, type Times } from './tally.ts'

/** Under which label an outcome is shown. */
const SHOWN_AS: Readonly<Partial<Record<EventOutcome, string>>> = {
  superseded: 'discarded',
  registration_ended: 'discarded',
  too_large: 'discarded',
}

/** Adds the counters whose numbers are the tallies', all together. `total` is asked at each scrape. */
export function addTallied(registry: Registry, total: () => Tally): void {
  const counter = (name: string, help: string, label: string, read: (total: Tally) => readonly Sample[]) =>
    new Counter({
      name,
      help,
      labelNames: [label],
      registers: [registry],
      collect() {
        this.reset()
        for (const [value, count] of read(total())) this.labels(value).inc(count)
      },
    })
  counter('rollcall_events_accepted_total', 'Events answered with a count.', 'qos', ({ qos0, qos1 }) => [
    ['0', qos0.events],
    ['1', qos1.events],
  ])
  counter('rollcall_event_outcomes_total', 'What became of events, per endpoint.', 'outcome', outcomes)
  counter('rollcall_registrations_ended_total', 'Registrations ended.', 'how', ({ ended }) =>
    Object.entries(ended),
  )
}

type Sample = readonly [label: string, count: number]

function outcomes({ qos0, qos1 }: Tally): readonly Sample[] {
  const { events: _, ...names } = qos0
  return (Object.keys(names) as EventOutcome[]).map((outcome) => [
    SHOWN_AS[outcome] ?? outcome,
    qos0[outcome] + qos1[outcome],
  ])
}

/** The histograms of the tallies, as text: the library's own hold only what they were told one by one. */
export function talliedHistograms({ deliveryMs, expiryLatenessMs }: Tally): string {
  const delivery = 'Acceptance to socket (QoS 0) or to acknowledgement (QoS 1).'
  return [
    ...head('rollcall_delivery_seconds', delivery),
    ...series('rollcall_delivery_seconds', deliveryMs.qos0, 'qos="0"'),
    ...series('rollcall_delivery_seconds', deliveryMs.qos1, 'qos="1"'),
    '',
    ...head('rollcall_expiry_lateness_seconds', 'Time between a deadline and its expiry.'),
    ...series('rollcall_expiry_lateness_seconds', expiryLatenessMs),
    '',
  ].join('\n')
}

function head(name: string, help: string): readonly string[] {
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
