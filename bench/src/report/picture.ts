import { formatNumber } from './numbers.ts'
import type { Result, Row } from './result.ts'
import type { Spread } from './statistics.ts'

const WIDTH = 760
const LEFT = 250
const RIGHT = 150
const BAR = 14
const BAR_GAP = 4
const ROW_GAP = 16
const TOP = 58
const BOTTOM = 16

type Bar = { readonly who: string; readonly kind: 'rollcall' | 'reference' | 'peer'; readonly spread: Spread }

/**
 * What `RESULTS.md` has of work per CPU-second, as a picture (SVG): a bar for each median, a line from the least to the
 * greatest. One scale for all, so that a bar twice as long is twice the work. `undefined`: nothing was measured.
 */
export function resultsPicture(results: readonly Result[]): string | undefined {
  const groups = results.flatMap((result) =>
    result.rows.filter(isWork).map((row) => ({ label: labelOf(result, row), bars: barsOf(result, row) })),
  )
  const greatest = Math.max(0, ...groups.flatMap(({ bars }) => bars.map(({ spread }) => spread.max)))
  if (greatest === 0) return undefined
  const scale = (value: number) => ((WIDTH - LEFT - RIGHT) * value) / greatest
  let y = TOP
  const drawn: string[] = []
  for (const { label, bars } of groups) {
    drawn.push(text(LEFT - 12, y + 11, label, 'label'))
    for (const bar of bars) {
      drawn.push(...drawBar(bar, y, scale))
      y += BAR + BAR_GAP
    }
    y += ROW_GAP
  }
  const height = y - ROW_GAP + BOTTOM
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="t">`,
    '<title id="t">Operations per second of processor time, by the benchmark</title>',
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}" rx="8"/>`,
    text(20, 28, 'Operations per second of processor time', 'title'),
    text(20, 46, 'Medians; the line goes from the least to the greatest run.', 'note'),
    ...drawn,
    '</svg>',
  ].join('\n')}\n`
}

const STYLE = [
  'text{font:12px system-ui,sans-serif;fill:#1f2933}',
  '.title{font-size:15px;font-weight:600}.note{fill:#52606d}.label{text-anchor:end}',
  '.paper{fill:#fff}.rollcall{fill:#1d6fb8}.reference{fill:#c3ccd5}.peer{fill:#e2a03f}',
  '.range{stroke:#1f2933;stroke-width:1.5}',
].join('')

function isWork({ measure }: Row): boolean {
  return measure.unit === '/CPU-s' && measure.target !== undefined
}

/** `bulk, QoS 1`: the case, and what of it where it measures several. */
function labelOf({ name }: Result, { measure }: Row): string {
  const part = measure.name.replace(/,? ?work$/, '')
  return part === '' ? name : `${name}, ${part}`
}

function barsOf({ peerName }: Result, { rollcall, reference, peer }: Row): readonly Bar[] {
  const bars: Bar[] = []
  if (rollcall !== undefined) bars.push({ who: 'Rollcall', kind: 'rollcall', spread: rollcall })
  if (reference !== undefined) bars.push({ who: 'Fastify and ws', kind: 'reference', spread: reference })
  if (peer !== undefined) bars.push({ who: peerName ?? 'peer', kind: 'peer', spread: peer })
  return bars
}

function drawBar({ who, kind, spread }: Bar, y: number, scale: (value: number) => number): readonly string[] {
  const { median, min, max } = spread
  const middle = y + BAR / 2
  return [
    `<rect class="${kind}" x="${LEFT}" y="${y}" width="${round(scale(median))}" height="${BAR}" rx="2"/>`,
    `<line class="range" x1="${round(LEFT + scale(min))}" x2="${round(LEFT + scale(max))}" y1="${middle}" y2="${middle}"/>`,
    text(round(LEFT + scale(max) + 8), y + 11, `${formatNumber(median)} ${who}`, 'value'),
  ]
}

function text(x: number, y: number, words: string, kind: string): string {
  const safe = words.replace(/&/g, '&amp;').replace(/</g, '&lt;')
  return `<text class="${kind}" x="${x}" y="${y}">${safe}</text>`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
