/** A file of the store is not what was written. Nothing of it is used. */
export class DamageError extends Error {
  override readonly name = 'DamageError'
  readonly file: string
  readonly what: string

  /**
   * @param file its path
   * @param what is wrong with it, e.g. `is missing`
   */
  constructor(file: string, what: string) {
    super(
      `The data folder is damaged: ${file} ${what}. Run \`rollcall check\` to see what else is wrong. Restore a backup, or give up what cannot be read, which it lists, with \`rollcall repair --drop-damaged\`.`,
    )
    this.file = file
    this.what = what
  }
}

/** Another process has taken the store over, or its folder is gone: this one may not write any more. */
export class StoreLostError extends Error {
  override readonly name = 'StoreLostError'
}
