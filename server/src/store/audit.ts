/**
 * Lines of the audit log, which are added at the end and never changed. Bounded by number and age: past either the oldest
 * go, of the organization that has the most, so that nobody can have others' forgotten. Partition: the audit log.
 */
export interface AuditStore {
  /** Soon durable, also while writing fails: then it is kept in memory as far as there is room, else refused as `unavailable`. */
  add(lines: readonly AuditEntry[]): Promise<void>
  /**
   * The newest lines, newest first.
   *
   * @param organizationId whose; `undefined`: everybody's
   * @param before only older ones than that of this sequence; `undefined`: from the newest on
   */
  read(
    organizationId: string | undefined,
    before: number | undefined,
    max: number,
  ): Promise<readonly KeptAuditEntry[]>
}

export type AuditEntry = {
  readonly atWallMs: number
  /** Whose it is; empty: of no organization. */
  readonly organizationId: string
  /** The line; the store does not look into it. */
  readonly text: string
}

/** Sequences ascend in the order of the calls, and are those of their line alone. */
export type KeptAuditEntry = AuditEntry & { readonly sequence: number }
