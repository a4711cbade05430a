import type { ComponentChildren } from 'preact'
import { count, duration } from '../../format.ts'
import { Chart, type ChartOptions } from './chart.tsx'
import type { DayPoint } from './day.ts'
import { percent, perSecond } from './figures.ts'
import type { Point } from './history.ts'
import { DAY_AXIS, MINUTES_AXIS } from './time-axis.ts'

const CHARTS: readonly ChartOptions<Exclude<keyof Point, 'atMs'>>[] = [
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
        <Chart key={options.title} options={options} axis={MINUTES_AXIS} points={points} />
      ))}
      {children}
    </div>
  )
}

const DAY_CHARTS: readonly ChartOptions<Exclude<keyof DayPoint, 'atMs'>>[] = [
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
    title: 'Events per minute',
    lines: [
      { name: 'QoS 0', of: 'qos0' },
      { name: 'QoS 1', of: 'qos1' },
    ],
    least: 4,
    show: perSecond,
    tick: count,
  },
  {
    title: 'QoS 1 copies per minute',
    lines: [
      { name: 'acknowledged', of: 'acknowledged' },
      { name: 'expired', of: 'expired' },
      { name: 'discarded', of: 'discarded' },
    ],
    least: 4,
    show: perSecond,
    tick: count,
  },
  {
    title: 'QoS 0 per minute',
    lines: [
      { name: 'sent', of: 'sent' },
      { name: 'not connected', of: 'notConnected' },
      { name: 'discarded', of: 'congested' },
    ],
    least: 4,
    show: perSecond,
    tick: count,
  },
  {
    title: 'Mailboxes',
    lines: [
      { name: 'waiting', of: 'mailboxEvents' },
      { name: 'refused for want of room, per minute', of: 'mailboxFull' },
      { name: 'whose device was woken, per minute', of: 'woken' },
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
    title: 'Registrations that ended, per minute',
    lines: [
      { name: 'expired', of: 'registrationsExpired' },
      { name: 'unregistered', of: 'unregistered' },
    ],
    least: 4,
    show: perSecond,
    tick: count,
  },
  {
    title: 'Expiry lateness',
    lines: [{ name: 'p99', of: 'latenessP99Ms' }],
    least: 40,
    show: duration,
    tick: shortDuration,
  },
]

/** The last day, as the server has kept it. */
export function DayCharts({ points }: { readonly points: readonly DayPoint[] }) {
  return (
    <div class="charts">
      {DAY_CHARTS.map((options) => (
        <Chart key={options.title} options={options} axis={DAY_AXIS} points={points} />
      ))}
    </div>
  )
}

function shortDuration(ms: number): string {
  if (ms === 0) return '0'
  return ms >= 1000 ? `${Number((ms / 1000).toFixed(1))} s` : `${Number(ms.toFixed(1))} ms`
}
