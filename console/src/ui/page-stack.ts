/**
 * The way to a page of a list that is walked by cursors: those of the pages after the first, up to the one shown.
 * Empty: the first. Pure.
 */
export type PageStack = readonly string[]

/** Kept with the browser's own history, which has no room for everything. Further back one narrows the list. */
const PAGES_MAX = 4_000

export const FIRST_PAGE: PageStack = []

export function cursorOf(stack: PageStack): string | undefined {
  return stack.at(-1)
}

export function older(stack: PageStack, nextCursor: string): PageStack {
  return hasRoom(stack) ? [...stack, nextCursor] : stack
}

export function newer(stack: PageStack): PageStack {
  return stack.slice(0, -1)
}

export function hasRoom(stack: PageStack): boolean {
  return stack.length < PAGES_MAX
}

/** Reads what the browser's history has kept beside an address; the first page where that is something else. */
export function readStack(state: unknown): PageStack {
  if (typeof state !== 'object' || state === null || !('pages' in state)) return FIRST_PAGE
  const { pages } = state
  if (!Array.isArray(pages) || pages.length > PAGES_MAX) return FIRST_PAGE
  return pages.every((cursor) => typeof cursor === 'string') ? pages : FIRST_PAGE
}
