/** The first of a list that was read one further than asked for: a page, and the id of its last where more follow. */
export function cut<T>(
  all: readonly T[],
  max: number,
  idOf: (item: T) => string,
): readonly [page: readonly T[], next: string | undefined] {
  const page = all.slice(0, max)
  const last = page.at(-1)
  return [page, all.length > max && last !== undefined ? idOf(last) : undefined]
}
