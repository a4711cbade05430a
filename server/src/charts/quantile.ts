/**
 * The value that the share `q` did not exceed, evenly spread within its bucket; what exceeds the last bound is told by it.
 * `null` where nothing was counted.
 *
 * @param counts one for each bound, and one for what exceeds all
 */
export function quantile(bounds: readonly number[], counts: readonly number[], q: number): number | null {
  const rank = q * counts.reduce((sum, count) => sum + count, 0)
  if (rank === 0) return null
  const last = bounds.at(-1) ?? 0
  let below = 0
  for (const [index, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const lower = bounds[index - 1] ?? 0
      const upper = bounds[index] ?? last
      return rounded(Math.min(last, lower + (upper - lower) * ((rank - below) / count)))
    }
    below += count
  }
  return last
}

function rounded(ms: number): number {
  return Number(ms.toPrecision(3))
}
