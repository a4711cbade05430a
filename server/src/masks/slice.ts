import type { Bound } from './bound.ts'
import type { Slice } from './path.ts'

/** The indexes that a slice takes of an array of this length, each once. */
export function sliceIndexes(slice: Slice, length: number, bound: Bound): readonly number[] {
  if (isPlain(slice)) return range(slice.start ?? 0, Math.min(slice.end ?? length, length))
  const jayway = new Set(jaywayIndexes(slice, length))
  const standard = rfcIndexes(slice, length)
  if (bound === 'most') return [...new Set([...jayway, ...standard])]
  return standard.filter((index) => jayway.has(index))
}

/** How many indexes are written down at most, to find those of an array of this length. */
export function sliceCost(slice: Slice, length: number): number {
  if (!isPlain(slice)) return 4 * length
  return Math.max(0, Math.min(slice.end ?? length, length) - (slice.start ?? 0))
}

/** Tells whether both standards plainly go from one index up to another. */
function isPlain({ start, end, step = 1 }: Slice): boolean {
  return step === 1 && (start ?? 0) >= 0 && (end ?? 0) >= 0 && (start ?? end) !== undefined
}

/**
 * Jayway has no step and ignores one. Between two numbers it counts from the first up to the second, and only then
 * turns what is negative into an index from the end: `[-4:1]` of six items is 2, 3, 4, 5 and 0.
 */
function jaywayIndexes({ start, end }: Slice, length: number): readonly number[] {
  if (start === undefined)
    return end === undefined ? [] : range(0, end < 0 ? length + end : Math.min(end, length))
  if (end === undefined) return range(start < 0 ? Math.max(0, length + start) : start, length)
  return range(Math.max(start, -length), Math.min(end, length)).map((index) =>
    index < 0 ? length + index : index,
  )
}

/** RFC 9535 §2.3.4.2.2 */
function rfcIndexes({ start, end, step = 1 }: Slice, length: number): readonly number[] {
  if (step === 0) return []
  const fromEnd = (index: number): number => (index < 0 ? length + index : index)
  const clamp = (index: number, low: number, high: number): number => Math.min(Math.max(index, low), high)
  const indexes: number[] = []
  if (step > 0) {
    const upper = clamp(fromEnd(end ?? length), 0, length)
    for (let index = clamp(fromEnd(start ?? 0), 0, length); index < upper; index += step) indexes.push(index)
    return indexes
  }
  const lower = end === undefined ? -1 : clamp(fromEnd(end), -1, length - 1)
  const upper = start === undefined ? length - 1 : clamp(fromEnd(start), -1, length - 1)
  for (let index = upper; index > lower; index += step) indexes.push(index)
  return indexes
}

function range(start: number, end: number): readonly number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index)
}
