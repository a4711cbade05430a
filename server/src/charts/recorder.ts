import { afterThisTurn, type Clock, type Timer } from '../clock/clock.ts'
import type { Log, Statistics } from '../observe/observe.ts'
import type { ChartRow, ChartStore } from '../store/store.ts'
import { encodePoints, type Point } from './points.ts'
import { between, countsOf, type Gauges, isNothing, PLACES, type Sample, withGauges } from './sample.ts'

export const MINUTE_MS = 60_000
/** Minutes in a row that share a row: it is written anew with each of them. */
const ROW_MINUTES = 15
/** Organizations that are recorded each for itself in a minute: those where most happened. */
const RECORDED_MAX = 200
/** Organizations looked at before everybody else gets a turn. */
const LOOKED_AT_MAX = 100
/** Rows that are kept while the store cannot take them. */
const UNTAKEN_MAX = 4 * (RECORDED_MAX + 1)

export type RecorderOptions = {
  readonly store: Pick<ChartStore, 'put'>
  readonly statistics: Pick<Statistics, 'read' | 'ids'>
  /** Those that have registrations, though nothing may be counted of them; at most so many. */
  readonly organizations: (max: number) => Promise<readonly string[]>
  readonly gauges: (organizationId: string | null) => Promise<Gauges>
  readonly clock: Pick<Clock, 'wallMs' | 'after'>
  readonly log: Pick<Log, 'error'>
}

type OpenRow = { readonly first: number; readonly points: Point[] }

/**
 * Once a minute writes down what came in it, in all and of each organization where something did. What happens in between
 * costs nothing: it is counted anyway.
 */
export class Recorder {
  readonly #options: RecorderOptions
  /** What was counted up to the last minute. */
  #before = new Map<string | null, Sample>()
  /** The rows that grow. */
  #open = new Map<string | null, OpenRow>()
  #untaken: readonly ChartRow[] = []
  #timer: Timer | undefined
  #writing: Promise<void> = Promise.resolve()

  /** Added to the start of each row, so that no other process, nor this one before a restart, has one of the same start. */
  readonly #offsetMs: number

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#offsetMs = options.clock.wallMs() % MINUTE_MS
    this.#schedule()
  }

  /** Writes down what came since. Idempotent. */
  async close(): Promise<void> {
    if (this.#timer === undefined) return
    this.#timer.cancel()
    this.#timer = undefined
    await this.#writing
    await this.#record(Math.floor(this.#options.clock.wallMs() / MINUTE_MS))
  }

  #schedule(): void {
    const { clock } = this.#options
    this.#timer = clock.after(MINUTE_MS - (clock.wallMs() % MINUTE_MS), () => {
      // Timers are early or late by a little.
      const over = Math.round(clock.wallMs() / MINUTE_MS) - 1
      this.#schedule()
      this.#writing = this.#writing.then(() => this.#record(over))
    })
  }

  /** Never rejects: what the store does not take now, it may take with the next. */
  async #record(minute: number): Promise<void> {
    try {
      const samples = await this.#samples()
      const rows = samples.map(([organizationId, sample]) => this.#rowOf(organizationId, { minute, sample }))
      this.#untaken = withoutFormer(this.#untaken, rows).slice(-UNTAKEN_MAX)
      await this.#options.store.put(this.#untaken)
      this.#untaken = []
    } catch (error) {
      this.#options.log.error('a minute of the charts was not written', {
        err: error instanceof Error ? error : undefined,
      })
    }
    this.#forgetEnded(minute)
  }

  async #samples(): Promise<readonly (readonly [string | null, Sample])[]> {
    const { gauges, organizations, statistics } = this.#options
    const all = this.#since(null, countsOf(statistics.read(null)))
    const counted = await this.#counted()
    const chosen = counted.slice(0, RECORDED_MAX)
    let omitted = counted.length - chosen.length
    const known = new Set(counted.map(([id]) => id))
    for (const id of await organizations(RECORDED_MAX + 1)) {
      if (known.has(id)) continue
      if (chosen.length < RECORDED_MAX) chosen.push([id, between(all, all)])
      else omitted++
    }
    const own: [string | null, Sample][] = []
    for (const [id, sample] of chosen) {
      const whole = withGauges(sample, await gauges(id))
      if (!isNothing(whole)) own.push([id, whole])
    }
    const total = withGauges(all, await gauges(null))
    total[PLACES.omitted] = omitted
    return [[null, total], ...own]
  }

  /** Organizations where something was counted since the last time, those with the most events first. */
  async #counted(): Promise<[string, Sample][]> {
    const { statistics } = this.#options
    const counted: [string, Sample][] = []
    let looked = 0
    for (const id of [...statistics.ids()]) {
      if (++looked % LOOKED_AT_MAX === 0) await new Promise<void>((resolve) => afterThisTurn(resolve))
      const sample = this.#since(id, countsOf(statistics.read(id)))
      if (!isNothing(sample)) counted.push([id, sample])
    }
    return counted.sort(([, one], [, other]) => eventsOf(other) - eventsOf(one))
  }

  #since(organizationId: string | null, counts: Sample): Sample {
    const sample = between(this.#before.get(organizationId), counts)
    this.#before.set(organizationId, counts)
    return sample
  }

  #rowOf(organizationId: string | null, point: Point): ChartRow {
    const { minute } = point
    const open = this.#open.get(organizationId)
    const last = open?.points.at(-1)?.minute ?? 0
    const isGoingOn = open !== undefined && minute > last && partOf(minute) === partOf(open.first)
    const row = isGoingOn ? open : { first: minute, points: [] }
    row.points.push(point)
    this.#open.set(organizationId, row)
    const points = encodePoints(row.first, row.points)
    return { organizationId, startWallMs: row.first * MINUTE_MS + this.#offsetMs, points }
  }

  #forgetEnded(minute: number): void {
    for (const [organizationId, { first }] of this.#open)
      if (partOf(first) !== partOf(minute)) this.#open.delete(organizationId)
  }
}

function partOf(minute: number): number {
  return Math.floor(minute / ROW_MINUTES)
}

function eventsOf(sample: Sample): number {
  return (sample[PLACES.qos0] ?? 0) + (sample[PLACES.qos1] ?? 0)
}

/** A row that is longer now takes the place of what it was. */
function withoutFormer(former: readonly ChartRow[], rows: readonly ChartRow[]): readonly ChartRow[] {
  const isNew = (old: ChartRow) =>
    rows.some((row) => row.organizationId === old.organizationId && row.startWallMs === old.startWallMs)
  return [...former.filter((old) => !isNew(old)), ...rows]
}
