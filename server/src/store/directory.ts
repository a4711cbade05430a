/**
 * Who there is, as administrators keep it: entries that the store does not look into. They change together, from one revision
 * to the next, so that whoever changes them can decide by all of them. Small: read whole at start, and bounded by its user,
 * `auth`. Partition: the directory.
 */
export interface DirectoryStore {
  /** All of it; revision 0 and no entry where nobody has written any. */
  read(): Promise<DirectoryContent>
  /**
   * Carries out the changes, all or none: only where the directory is at `revision`, and is at the next one then. Durable.
   *
   * @returns whether it was; otherwise somebody else has changed it, of which whoever listens is told
   */
  change(revision: number, changes: readonly DirectoryChange[]): Promise<boolean>
  /**
   * Has `listener` called with each step that took effect, in their order, one's own too; durable or not yet, and perhaps
   * twice. One that is not the next after what the listener knows says that it missed some: it reads anew.
   *
   * @returns ends it
   */
  onChange(listener: (step: DirectoryStep) => void): () => void
}

export type DirectoryContent = {
  readonly revision: number
  /** In no order. */
  readonly entries: readonly DirectoryEntry[]
}

export type DirectoryEntry = {
  /** Its name, which no other has; at most 1 KiB. */
  readonly key: string
  readonly value: Uint8Array
}

/** An entry to write, or, without a value, to remove; removing what is not there is no error. */
export type DirectoryChange = { readonly key: string; readonly value: Uint8Array | undefined }

/** Changes that have led to this revision, from the one before. */
export type DirectoryStep = { readonly revision: number; readonly changes: readonly DirectoryChange[] }
