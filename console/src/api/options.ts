/** The query of a list, as the API has it. */
export type ListQuery = Readonly<Record<string, string | undefined>>

export type Options = {
  /** Whose: needed by callers with role SERVICE, ignored for others. */
  readonly organizationId?: string
  readonly signal?: AbortSignal
}
