import { formatHolds, formatRatio, formatSpread, formatTarget } from './numbers.ts'
import { type Result, type Row, STORE_NAMES } from './result.ts'

const HEADINGS = ['', 'Rollcall', 'reference', 'ratio', 'target', 'holds']
const PEER_HEADINGS = ['beside it', 'ratio']

/** The results as a table of text. */
export function terminalTable(results: readonly Result[]): string {
  const blocks = results.map((result) => ({ result, cells: result.rows.map(cellsOf) }))
  const hasPeer = results.some(({ peerName }) => peerName !== undefined)
  // Nobody stands beside a case of Redis: its stores have the columns after those of the others.
  const stores = results.find(({ stores }) => stores !== undefined)?.stores ?? []
  const storeHeadings = stores.flatMap((store) => [STORE_NAMES[store], 'ratio'])
  const headings = [...HEADINGS, ...(hasPeer || stores.length > 0 ? PEER_HEADINGS : []), ...storeHeadings]
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...blocks.flatMap(({ cells }) => cells.map((row) => row[column]?.length ?? 0))),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  const lines = blocks.flatMap(({ result, cells }) => ['', headline(result), ...cells.map(line)])
  return [line(headings), ...lines, ''].join('\n')
}

function headline({ name, title, peerName, failure }: Result): string {
  const beside = peerName === undefined ? '' : `; beside it ${peerName}`
  return failure === undefined ? `${name}: ${title}${beside}` : `${name}: ${title}\n  FAILED: ${failure}`
}

function cellsOf(row: Row): readonly string[] {
  const { measure } = row
  return [
    `  ${measure.name}`,
    formatSpread(row.rollcall, measure),
    formatSpread(row.reference, measure),
    formatRatio(row.ratio),
    formatTarget(measure),
    formatHolds(row.holds),
    formatSpread(row.peer, measure),
    formatRatio(row.peerRatio),
    ...(row.stores ?? []).flatMap(({ spread, ratio }) => [formatSpread(spread, measure), formatRatio(ratio)]),
  ]
}
