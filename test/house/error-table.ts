/** A row of the table in `docs/errors.md`, as far as it can be checked. */
export type ErrorDoc = {
  readonly status: number
  readonly reason: number
  readonly retryable: boolean
}

/** Reads the table: code → what the page says of it. A row that cannot be read throws. */
export function readErrorTable(page: string): Map<string, ErrorDoc> {
  const rows = page.split('\n').filter((line) => line.startsWith('| `'))
  const table = new Map(rows.map(readRow))
  if (table.size !== rows.length) throw new Error('docs/errors.md: a code is listed twice')
  return table
}

function readRow(line: string): [string, ErrorDoc] {
  const [, code = '', status = '', reason = '', retry = '', when = '', advice = '', end] = line
    .split('|')
    .map((cell) => cell.trim())
  const name = /^`(\w+)`$/.exec(code)?.[1]
  const hex = /^`(0x[0-9a-f]{2})`$/.exec(reason)?.[1]
  if (name === undefined || hex === undefined || !/^(yes|no)$/.test(retry) || end !== '')
    throw new Error(`docs/errors.md: cannot read the row ${line}`)
  if (when === '' || advice === '') throw new Error(`docs/errors.md: ${name} says too little`)
  return [name, { status: Number(status), reason: Number(hex), retryable: retry === 'yes' }]
}
