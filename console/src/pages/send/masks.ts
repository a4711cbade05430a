/** A mask, and the line on which it stands, counted from 1. */
export type MaskLine = { readonly line: number; readonly text: string }

/** The masks of a field with one a line; blank lines are none. */
export function maskLines(field: string): readonly MaskLine[] {
  return field
    .split('\n')
    .map((text, index) => ({ line: index + 1, text: text.trim() }))
    .filter(({ text }) => text !== '')
}

/** What the server says of a bad mask, `masks[1], position 8: …`, with the line instead of the place in the list. */
export function maskFault(fault: string, lines: readonly MaskLine[]): string {
  const found = /^masks\[(\d+)\]/.exec(fault)
  const bad = found === null ? undefined : lines[Number(found[1])]
  if (found === null || bad === undefined) return fault
  return `Line ${bad.line} (${bad.text})${fault.slice(found[0].length)}`
}
