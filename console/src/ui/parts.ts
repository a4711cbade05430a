/** Which of a list's items are shown, where all of them are known and too many. Pure. */
export type Part = {
  /** Places in the list: from inclusive, to exclusive. */
  readonly from: number
  readonly to: number
  /** Counted from 0. */
  readonly page: number
  readonly pages: number
}

/** The page wanted, or the last that there is: lists become shorter. */
export function partOf(length: number, size: number, wanted: number): Part {
  const pages = Math.max(1, Math.ceil(length / size))
  const page = Math.min(Math.max(0, wanted), pages - 1)
  return { from: page * size, to: Math.min(length, (page + 1) * size), page, pages }
}
