/** How often something took how long: counts next to ascending bounds, the last one for what took longer than all. */
export type Buckets = { readonly bounds: readonly number[]; readonly counts: readonly number[] }

export function total({ counts }: Buckets): number {
  return counts.reduce((sum, count) => sum + count, 0)
}

/**
 * The value that the share `q` did not exceed, evenly spread within its bucket. Infinity where it took longer than all
 * bounds; `undefined` where nothing was counted.
 */
export function quantile(buckets: Buckets, q: number): number | undefined {
  const { bounds, counts } = buckets
  const rank = q * total(buckets)
  if (rank === 0) return undefined
  let below = 0
  for (const [index, count] of counts.entries()) {
    if (count > 0 && below + count >= rank) {
      const lower = bounds[index - 1] ?? 0
      const upper = bounds[index] ?? Number.POSITIVE_INFINITY
      return lower + (upper - lower) * ((rank - below) / count)
    }
    below += count
  }
  return Number.POSITIVE_INFINITY
}

/** The bound that nothing exceeded; Infinity and `undefined` as above. */
export function slowest({ bounds, counts }: Buckets): number | undefined {
  const index = counts.findLastIndex((count) => count > 0)
  return index === -1 ? undefined : (bounds[index] ?? Number.POSITIVE_INFINITY)
}
