import type { Measure } from '../cases/case.ts'
import type { Spread } from './statistics.ts'

/** `12,345`; three digits for what is small. */
export function formatNumber(value: number): string {
  return value.toLocaleString(
    'en-US',
    value < 100 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 },
  )
}

/** `12,345 (12,001–13,002) /CPU-s` */
export function formatSpread(spread: Spread | undefined, { unit }: Measure): string {
  if (spread === undefined) return ''
  const { median, min, max } = spread
  const range = min === max ? '' : ` (${formatNumber(min)}–${formatNumber(max)})`
  return `${formatNumber(median)}${range}${unit === '' ? '' : ` ${unit}`}`
}

/** `≥ 18,000` */
export function formatTarget({ target }: Measure): string {
  if (target === undefined) return ''
  return 'atLeast' in target ? `≥ ${formatNumber(target.atLeast)}` : `≤ ${formatNumber(target.atMost)}`
}

export function formatRatio(ratio: number | undefined): string {
  return ratio === undefined ? '' : ratio.toFixed(2)
}

export function formatHolds(holds: boolean | undefined): string {
  if (holds === undefined) return ''
  return holds ? 'yes' : 'NO'
}
