/** The anchor that a heading gets where Markdown is shown: lower case, without punctuation, hyphens for spaces. */
export function anchorOf(heading: string): string {
  return withoutMarkup(heading)
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-')
}

/** Text of a link instead of the link, and no emphasis. */
function withoutMarkup(heading: string): string {
  return heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('*', '')
}

/** One row of a table. */
function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`
}

/** A table; nothing where there are no rows. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  if (rows.length === 0) return []
  return [tableRow(headings), tableRow(headings.map(() => '---')), ...rows.map(tableRow)]
}
