import { Counter, Gauge, type Registry } from 'prom-client'

/** Totals of what is shared, read at each scrape. Names are of closed lists. */
export type Sharing = {
  readonly pools: () => ReadonlyMap<string, SharedFigures>
  /** Processor time that was charged, milliseconds. */
  readonly spentMs: () => { readonly caller: number; readonly stranger: number }
  readonly load: () => 'calm' | 'busy' | 'overloaded'
  readonly shed: () => ReadonlyMap<string, number>
  /** What went because whoever had the most had too much, since the start. */
  readonly evicted: () => ReadonlyMap<string, number>
}

/** What each look at one shared thing finds. */
export type SharedFigures = {
  readonly used: number
  readonly max: number
  /** Since the start: `share`, because its holder had enough of it; `full`, because all was taken. */
  readonly refused: { readonly share: number; readonly full: number }
}

/** Metrics of `docs/sharing.md`. */
export function addSharing(registry: Registry, { pools, spentMs, load, shed, evicted }: Sharing): void {
  const registers = [registry]
  const gauge = (name: string, help: string, read: (totals: SharedFigures) => number): void => {
    const all: Gauge<'thing'> = new Gauge({
      ...{ name, help, labelNames: ['thing'] as const, registers },
      collect() {
        for (const [thing, totals] of pools()) all.labels(thing).set(read(totals))
      },
    })
  }
  gauge('rollcall_shared_used', 'What is held now of what is shared.', ({ used }) => used)
  gauge('rollcall_shared_max', 'How much of it there is for all.', ({ max }) => max)
  const refused: Counter<'thing' | 'why'> = new Counter({
    name: 'rollcall_share_refused_total',
    help: 'Refused because its holder was over its share, or because all was taken.',
    ...{ labelNames: ['thing', 'why'] as const, registers },
    collect() {
      refused.reset()
      for (const [thing, { refused: counts }] of pools()) {
        refused.labels(thing, 'share').inc(counts.share)
        refused.labels(thing, 'full').inc(counts.full)
      }
    },
  })
  const spent: Counter<'who'> = new Counter({
    name: 'rollcall_work_seconds_total',
    help: 'Processor time that was charged to callers, and to addresses of strangers.',
    ...{ labelNames: ['who'] as const, registers },
    collect() {
      spent.reset()
      for (const [who, ms] of Object.entries(spentMs())) spent.labels(who).inc(ms / 1000)
    },
  })
  const gone: Counter<'thing'> = new Counter({
    name: 'rollcall_share_evicted_total',
    help: 'What was dropped of those who had the most, because all was taken; pieces or bytes.',
    ...{ labelNames: ['thing'] as const, registers },
    collect() {
      gone.reset()
      for (const [thing, count] of evicted()) gone.labels(thing).inc(count)
    },
  })
  addLoad(registry, load, shed)
}

const LEVELS = ['calm', 'busy', 'overloaded'] as const

function addLoad(registry: Registry, load: Sharing['load'], shed: Sharing['shed']): void {
  const registers = [registry]
  const level: Gauge = new Gauge({
    name: 'rollcall_load_level',
    help: '0: calm, 1: busy, 2: overloaded.',
    registers,
    collect: () => level.set(LEVELS.indexOf(load())),
  })
  const refused: Counter<'what'> = new Counter({
    name: 'rollcall_shed_total',
    help: 'Refused because the server was busy or overloaded.',
    ...{ labelNames: ['what'] as const, registers },
    collect() {
      refused.reset()
      for (const [what, count] of shed()) refused.labels(what).inc(count)
    },
  })
}
