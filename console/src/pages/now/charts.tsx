import { count, duration } from '../../ui/format.ts'
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
    tick: whole,
  },
  {
    title: 'Events per second',
    lines: [
      { name: 'QoS 0', of: 'qos0PerSecond' },
      { name: 'QoS 1', of: 'qos1PerSecond' },
    ],
    least: 4,
    show: perSecond,
    tick: whole,
  },
  {
    title: 'Delivery latency',
    lines: [
      { name: 'QoS 1 p50', of: 'qos1P50Ms' },
      { name: 'QoS 1 p99', of: 'qos1P99Ms' },
      { name: 'QoS 0 p99', of: 'qos0P99Ms' },
    ],
    least: 4,
    show: duration,
    tick: shortDuration,
  },
  {
    title: 'Acknowledged within the minute',
    lines: [{ name: 'of QoS 1 copies', of: 'acknowledgedPercent' }],
    least: 100,
    most: 105,
    show: percent,
    tick: (value) => (value > 100 ? '' : percent(value)),
  },
  {
    title: 'Expiry lateness',
    lines: [
      { name: 'p99', of: 'latenessP99Ms' },
      { name: 'slowest at most', of: 'latenessMaxMs' },
    ],
    least: 40,
    show: duration,
    tick: shortDuration,
  },
]

/** All charts of the page. In a file of its own, as only they need the library that draws them. */
export function Charts({ points }: { readonly points: readonly Point[] }) {
  return (
    <div class="charts">
      {CHARTS.map((options) => (
        <Chart key={options.title} options={options} points={points} />
      ))}
    </div>
  )
}

/** Nobody counts halves of registrations. */
function whole(value: number): string {
  return Number.isInteger(value) ? count(value) : ''
}

function shortDuration(ms: number): string {
  if (ms === 0) return '0'
  return ms >= 1000 ? `${Number((ms / 1000).toFixed(1))} s` : `${Number(ms.toFixed(1))} ms`
}
