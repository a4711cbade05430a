/** What was measured at one moment, by name. */
export type Sample = { readonly atMs: number; readonly figures: { readonly [name: string]: number } }

/** How far a figure may have come from what it was after the warm-up. */
export type Allowance = {
  readonly name: string
  readonly unit: 'MB' | ''
  /** Per cent of what it was, or `slack`, whichever is more. */
  readonly growthPercentMax: number
  readonly slack: number
  /** Never more than this, at any moment. */
  readonly max?: number
}

/** What became of one figure. */
export type Growth = Allowance & {
  /** Medians of the first quarter after the warm-up, and of the last. */
  readonly first: number
  readonly last: number
  readonly highest: number
  readonly holds: boolean
}

/** Below this a quarter has no median that means anything. */
const SAMPLES_MIN = 3
const QUARTERS = 4

/**
 * Judges whether figures stayed what they were: the medians of the first and of the last quarter, so that neither one sample that
 * a collection of garbage came before nor one that it came after decides.
 *
 * @param samples after the warm-up, in their order
 * @throws Error where there are too few to judge by: a run that shows nothing must not pass
 */
export function judgeGrowth(samples: readonly Sample[], allowances: readonly Allowance[]): readonly Growth[] {
  const size = Math.floor(samples.length / QUARTERS)
  if (size < SAMPLES_MIN) throw new Error(`${samples.length} samples are too few to judge by`)
  return allowances.map((allowance) => {
    const { name, growthPercentMax, slack, max = Number.POSITIVE_INFINITY } = allowance
    const values = samples.map(({ figures }) => figures[name] ?? Number.NaN)
    const [first, last] = [medianOf(values.slice(0, size)), medianOf(values.slice(-size))]
    const highest = Math.max(...values)
    const mayGrowBy = Math.max(slack, (first * growthPercentMax) / 100)
    return { ...allowance, first, last, highest, holds: last - first <= mayGrowBy && highest <= max }
  })
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** One line for each figure. */
export function growthText(growths: readonly Growth[]): string {
  const head = row(['', 'after warm-up', 'at the end', 'highest', 'may grow to', 'bound', 'holds'])
  return [head, ...growths.map(growthRow)].map((line) => `${line}\n`).join('')
}

function growthRow({
  name,
  unit,
  first,
  last,
  highest,
  growthPercentMax,
  slack,
  max,
  holds,
}: Growth): string {
  const shown = (value: number): string =>
    unit === 'MB' ? `${(value / 1e6).toFixed(1)} MB` : String(Math.round(value))
  const mayBe = first + Math.max(slack, (first * growthPercentMax) / 100)
  const bound = max === undefined ? '–' : shown(max)
  return row([name, shown(first), shown(last), shown(highest), shown(mayBe), bound, holds ? 'yes' : 'NO'])
}

function row([name = '', ...cells]: readonly string[]): string {
  return name.padEnd(26) + cells.map((cell) => cell.padStart(15)).join('')
}
