import type { ComponentChildren } from 'preact'
import { count, duration } from '../../format.ts'
import { Chart, type ChartOptions } from './chart.tsx'
import { percent, perSecond } from './figures.ts'
import type { Point } from './history.ts'

const CHARTS: readonly ChartOptions[] = [
  {
    title: 'Registrations and links',
    lines: [
      { name: 'Registrations', of: 'registrations' },
      { name: 'Connected', of: 'connected' },
    ],
    least: 4,
    show: count,
  },
  {
    title: 'Events per second',
    lines: [
      { name: 'QoS 0', of: 'qos0PerSecond' },
      { name: 'QoS 1', of: 'qos1PerSecond' },
    ],
    least: 4,
    show: perSecond,
    tick: count,
  },
  {
    title: 'Delivery latency, QoS 1',
    lines: [
      { name: 'p50', of: 'qos1P50Ms' },
      { name: 'p99', of: 'qos1P99Ms' },
      { name: 'QoS 0 p99', of: 'qos0P99Ms' },
    ],
    least: 4,
    show: duration,
    tick: shortDuration,
  },
  {
    title: 'Acknowledged within the minute',
    lines: [{ name: 'of QoS 1 copies for devices that stayed', of: 'acknowledgedPercent' }],
    least: 100,
    most: 100,
    show: percent,
  },
  {
    title: 'Expiry lateness',
    lines: [
      { name: 'p99', of: 'latenessP99Ms' },
      { name: 'slowest', of: 'latenessMaxMs' },
    ],
    least: 40,
    show: duration,
    tick: shortDuration,
  },
]

/** All charts of the page, before whatever else goes with them. In a file of its own for the library that draws them. */
export function Charts({
  points,
  children,
}: {
  readonly points: readonly Point[]
  readonly children: ComponentChildren
}) {
  return (
    <div class="charts">
      {CHARTS.map((options) => (
        <Chart key={options.title} options={options} points={points} />
      ))}
      {children}
    </div>
  )
}

function shortDuration(ms: number): string {
  if (ms === 0) return '0'
  return ms >= 1000 ? `${Number((ms / 1000).toFixed(1))} s` : `${Number(ms.toFixed(1))} ms`
}
