import type { ConfigurationKey } from '../../server/src/config/config.ts'

const OPENING = '<!-- keys -->\n'
const CLOSING = '<!-- /keys -->'
const HEADINGS = ['Key', 'Environment', 'Type', 'Unit', 'Default', 'Range', 'What it does']

/** The page with its table of keys made anew; the rest of it stays. */
export function withConfigurationTable(page: string, keys: readonly ConfigurationKey[]): string {
  const [before, rest] = page.split(OPENING)
  const after = rest?.split(CLOSING)[1]
  if (before === undefined || after === undefined)
    throw new Error(`docs/configuration.md: there must be one ${OPENING.trim()} and one ${CLOSING} behind it`)
  return `${before}${OPENING}\n${table(keys)}\n${CLOSING}${after}`
}

function table(keys: readonly ConfigurationKey[]): string {
  return [HEADINGS, HEADINGS.map(() => '---'), ...keys.map(cells)].map(row).join('')
}

function cells(key: ConfigurationKey): string[] {
  const initial = key.default === '' ? '' : `\`${key.default}\``
  return [`\`${key.name}\``, `\`${key.env}\``, key.type, key.unit, initial, key.range, key.description]
}

function row(values: readonly string[]): string {
  return `| ${values.map((value) => value.replaceAll('|', '\\|')).join(' | ')} |\n`
}
