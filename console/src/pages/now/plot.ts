import uPlot from 'uplot'
import { type Colours, readColours, watchTheme } from './colours.ts'
import { alone, type Line, linesOf, scaleOf, type Values } from './plot-data.ts'
import type { TimeAxis } from './time-axis.ts'

/** What a chart is made of; its data comes later, again and again. */
export type PlotOptions = {
  readonly axis: TimeAxis
  readonly lines: readonly Line[]
  /** What the scale shows at least, from 0 on. */
  readonly least: number
  /** Nothing can be above it; the scale then ends there, whatever comes. */
  readonly most?: number
  /** An axis label. */
  readonly show: (value: number) => string
  /** The point under the crosshair, which all charts of the page share; `undefined`: there is none. */
  readonly onPoint: (index: number | undefined) => void
}

/** A drawn chart, as wide as its place. */
export type Plot = {
  /** @param values of each line, at these times */
  update(timesMs: readonly number[], values: readonly Values[]): void
  close(): void
}

/** Pixels of the style sheet; the place has this height from the beginning, so that nothing jumps. */
const HEIGHT_PX = 176
const AXIS_PX = { x: 26, y: 54 }
/** Half of the last label of the time axis. */
const RIGHT_PX = 18
const LINE_PX = 1.75
/** How far a point may be from the crosshair that it tells of. */
const NEAR_PX = 8
/** Which lines are dashed, so that colour is not all that tells them apart. */
const DASHES: readonly (readonly number[])[] = [[], [5, 4], [2, 3]]

/** Draws a chart into a place, and follows the place's width and the theme until it is closed. */
export function createPlot(place: HTMLElement, options: PlotOptions): Plot {
  let colours = readColours(place)
  const plot = new uPlot(
    plotOptions(place, options, () => colours),
    [[], ...options.lines.map(() => [])],
    place,
  )
  const endTheme = watchTheme(() => {
    colours = readColours(place)
    plot.redraw(false, true)
  })
  const resizing = new ResizeObserver(() => {
    if (place.clientWidth > 0) plot.setSize({ width: place.clientWidth, height: HEIGHT_PX })
  })
  resizing.observe(place)
  return {
    update(timesMs, values) {
      const xs = timesMs.map((atMs) => atMs / 1000)
      const endSeconds = xs.at(-1) ?? 0
      plot.batch(() => {
        plot.setData([xs, ...values.map((line) => [...line])], false)
        plot.setScale('x', { min: endSeconds - options.axis.windowMs / 1000, max: endSeconds })
      })
    },
    close() {
      endTheme()
      resizing.disconnect()
      plot.destroy()
    },
  }
}

function plotOptions(place: HTMLElement, options: PlotOptions, colours: () => Colours): uPlot.Options {
  const { axis, least, most, onPoint } = options
  return {
    width: Math.max(place.clientWidth, 1),
    height: HEIGHT_PX,
    padding: [8, RIGHT_PX, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      sync: { key: axis.crosshair, setSeries: false },
      points: { size: 7, width: 2 },
      hover: { prox: NEAR_PX },
    },
    scales: {
      x: { time: true },
      y: { range: (_, __, greatest) => [0, most === undefined ? scaleOf(greatest, least).top : most * 1.02] },
    },
    axes: axesOf(options, colours),
    series: [{}, ...options.lines.map((_, index) => seriesOf(index, colours))],
    hooks: { setCursor: [(plot) => onPoint(nearest(plot))] },
  }
}

/** The point at the crosshair, where there is one near it. */
function nearest({ cursor: { idx, left = -1 }, data: [xs], valToPos }: uPlot): number | undefined {
  const x = typeof idx === 'number' ? xs[idx] : undefined
  if (x === undefined || left < 0 || Math.abs(valToPos(x, 'x') - left) > NEAR_PX) return undefined
  return idx ?? undefined
}

function seriesOf(index: number, colours: () => Colours): uPlot.Series {
  const stroke = (): string => colours().lines[index] ?? colours().text
  return {
    stroke,
    width: LINE_PX,
    dash: [...(DASHES[index] ?? [])],
    spanGaps: false,
    ...(index === 0 ? { fill: () => colours().fill } : {}),
    points: { show: true, size: 4, fill: stroke, filter: (plot, series) => alone(plot.data[series] ?? []) },
  }
}

function axesOf({ axis, show, least, most }: PlotOptions, colours: () => Colours): uPlot.Axis[] {
  const common: uPlot.Axis = {
    stroke: () => colours().text,
    font: `12px ${colours().font}`,
    ticks: { show: false },
    grid: { stroke: () => colours().grid, width: 1 },
    // Both are divided here; whatever room the labels want, they have it.
    incrs: [1e9],
    space: 0,
  }
  const greatest = (plot: uPlot): number => Math.max(0, ...plot.series.slice(1).map(({ max }) => max ?? 0))
  return [
    {
      ...common,
      size: AXIS_PX.x,
      grid: { show: false },
      splits: (_, __, ___, end) => axis.marks(end),
      values: ({ scales: { x } }, splits) => splits.map((at) => axis.text(at, x?.max ?? at)),
    },
    {
      ...common,
      size: AXIS_PX.y,
      gap: 8,
      splits: (plot) => linesOf(scaleOf(most ?? greatest(plot), most ?? least)),
      values: (_, splits) => splits.map(show),
    },
  ]
}
