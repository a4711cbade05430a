/** Some minutes in a row, as one process has counted them. What the bytes mean is for whoever wrote them to know. */
export type ChartRow = {
  /** `null`: of all together. */
  readonly organizationId: string | null
  /** Where its first minute begins, wall clock. */
  readonly startWallMs: number
  /** Never changed once handed over. */
  readonly points: Uint8Array
}

/**
 * What was counted minute by minute, for charts: a few rows a minute, whatever happens in it. Bounded by age (`CHART_MS`,
 * wall clock's earliest time) and by number (`CHART_ROWS_MAX`): past either the oldest go. Where processes share the store,
 * each has rows of its own, and a reader gets all of them. Partition: the organization.
 */
export interface ChartStore {
  /** Enters rows, each in the place of one of its organization and start. Takes effect at once. Soon durable. */
  put(rows: readonly ChartRow[]): Promise<void>
  /** Those of an organization that begin at `fromWallMs` or later, oldest first. Only durable ones. */
  list(organizationId: string | null, fromWallMs: number): Promise<readonly ChartRow[]>
}
