/** Which part of a list, in the order of their code units. */
export type Range = {
  /** What they begin with. Empty: anything. */
  readonly prefix: string
  /** Those behind this one. Empty: from the first. */
  readonly after: string
  readonly max: number
}

export type KnownUser = {
  readonly userId: string
  /** As `LastSeenStore.find` has it. */
  readonly lastSeenWallMs: number | undefined
}

/**
 * Who is there: users with a live registration, and those of whom it is known when they were last seen. For people and
 * their tools, never on the way of an event. The engine goes by its own time.
 */
export interface UserStore {
  /** Users of an organization. `next`: there may be more behind it. Partition: the organization. */
  list(
    organizationId: string,
    range: Range,
  ): Promise<{ readonly users: readonly KnownUser[]; readonly next: string | undefined }>
  /** Organizations with a registration, swept or not. `next` as above. Crosses partitions. */
  organizations(
    range: Range,
  ): Promise<{ readonly organizationIds: readonly string[]; readonly next: string | undefined }>
}
