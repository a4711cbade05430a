import uPlot from 'uplot'
import { type Colours, readColours, watchTheme } from './colours.ts'
import type { Point } from './history.ts'
import { WINDOW_MS } from './history.ts'
import { alone, type Line, topOf, valuesOf } from './plot-data.ts'

/** What a chart is made of; its data comes later, again and again. */
export type PlotOptions = {
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
  update(points: readonly Point[]): void
  close(): void
}

/** Pixels of the style sheet; the place has this height from the beginning, so that nothing jumps. */
export const HEIGHT_PX = 176
const AXIS_PX = { x: 26, y: 58 }
const LINE_PX = 1.75
const CROSSHAIRS = 'rollcall.now'
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
    update(points) {
      const xs = points.map(({ atMs }) => atMs / 1000)
      const endSeconds = xs.at(-1) ?? 0
      plot.batch(() => {
        plot.setData([xs, ...options.lines.map((line) => [...valuesOf(points, line)])], false)
        plot.setScale('x', { min: endSeconds - WINDOW_MS / 1000, max: endSeconds })
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
  const { least, most, onPoint } = options
  return {
    width: Math.max(place.clientWidth, 1),
    height: HEIGHT_PX,
    padding: [8, 4, 0, 0],
    legend: { show: false },
    cursor: {
      y: false,
      drag: { x: false, y: false },
      sync: { key: CROSSHAIRS, setSeries: false },
      points: { size: 7, width: 2 },
    },
    scales: {
      x: { time: true },
      y: { range: (_, __, greatest) => [0, most ?? topOf(greatest, least)] },
    },
    axes: axesOf(options, colours),
    series: [{}, ...options.lines.map((_, index) => seriesOf(index, colours))],
    hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? undefined)] },
  }
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

function axesOf({ show }: PlotOptions, colours: () => Colours): uPlot.Axis[] {
  const common: uPlot.Axis = {
    stroke: () => colours().text,
    font: `12px ${colours().font}`,
    ticks: { show: false },
    grid: { stroke: () => colours().grid, width: 1 },
  }
  const time = new Intl.DateTimeFormat([], { hour: '2-digit', minute: '2-digit' })
  return [
    {
      ...common,
      size: AXIS_PX.x,
      space: 56,
      incrs: [60],
      grid: { show: false },
      values: (_, splits) => splits.map((seconds) => time.format(seconds * 1000)),
    },
    { ...common, size: AXIS_PX.y, space: 34, gap: 8, values: (_, splits) => splits.map(show) },
  ]
}
