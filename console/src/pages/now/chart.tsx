import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { clockTime } from '../../format.ts'
import { createPlot, type Plot } from './plot.ts'
import { inWords, type Line, type Moment, type Values, valuesOf } from './plot-data.ts'
import type { TimeAxis } from './time-axis.ts'

/** What a chart shows, and how. */
export type ChartOptions<Name extends string> = {
  readonly title: string
  readonly lines: readonly Line<Name>[]
  readonly least: number
  readonly most?: number
  /** A value with its unit, in the legend. */
  readonly show: (value: number) => string
  /** The same, short enough for an axis. Default: `show`. */
  readonly tick?: (value: number) => string
}

/** A chart with a legend of values: the newest, or those under the crosshair. */
export function Chart<Name extends string>({
  options,
  axis,
  points,
}: {
  readonly options: ChartOptions<Name>
  readonly axis: TimeAxis
  readonly points: readonly Moment<Name>[]
}) {
  const { title, lines, show } = options
  const [index, setIndex] = useState<number>()
  const values = useMemo(() => lines.map((line) => valuesOf(points, line)), [points, lines])
  const timesMs = useMemo(() => points.map(({ atMs }) => atMs), [points])
  const place = usePlot({ ...options, axis }, { timesMs, values }, setIndex)
  const point = index === undefined ? undefined : points[index]
  const words = lines.map((line, at) => inWords(line, values[at] ?? [], show)).join('; ')
  return (
    <section class="card chart">
      <header class="chart-head">
        <h2>{title}</h2>
        <span class="quiet small number">
          {point === undefined ? 'latest' : clockTime(new Date(point.atMs).toISOString(), point.atMs)}
        </span>
      </header>
      <ul class="legend">
        {lines.map((line, at) => (
          <li key={line.name}>
            <i class={`legend-line legend-line-${at + 1}`} />
            {line.name}
            <strong class="number">{shown(values[at]?.at(index ?? -1), show)}</strong>
          </li>
        ))}
      </ul>
      <div ref={place} class="chart-place" role="img" aria-label={`${title} over ${axis.name}. ${words}.`} />
    </section>
  )
}

/** Keeps a plot in a place for as long as the chart is shown. */
function usePlot(
  options: ChartOptions<string> & { readonly axis: TimeAxis },
  { timesMs, values }: { readonly timesMs: readonly number[]; readonly values: readonly Values[] },
  onPoint: (index?: number) => void,
) {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<Plot | undefined>(undefined)
  useEffect(() => {
    if (place.current === null) return
    const { tick = options.show, ...rest } = options
    plot.current = createPlot(place.current, { ...rest, show: tick, onPoint })
    return () => plot.current?.close()
  }, [options.lines, options.axis])
  useEffect(() => plot.current?.update(timesMs, values), [options.lines, options.axis, timesMs, values])
  return place
}

function shown(value: number | null | undefined, show: (value: number) => string): string {
  return value === null || value === undefined ? '–' : show(value)
}
