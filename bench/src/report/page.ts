import type { Machine } from '../machine/machine.ts'
import { formatHolds, formatRatio, formatSpread, formatTarget } from './numbers.ts'
import { type Result, type Row, STORE_NAMES } from './result.ts'

/** Begins what the benchmark writes: what stands before it in the file was written by people, and stays. */
const FROM_HERE = '<!-- From here on the benchmark writes: npm run bench -- --report -->'

/** A page with what was measured in the place of what was measured before of the same cases; the others stay. */
export function renewedPage(former: string, measured: string): string {
  const at = former.indexOf(FROM_HERE)
  const byHand = at < 0 ? '# Results\n\n' : former.slice(0, at)
  const [head = '', ...sections] = sectionsOf(measured)
  const [, ...before] = at < 0 ? [] : sectionsOf(former.slice(at + FROM_HERE.length))
  const kept = before.map((old) => sections.find((one) => nameOf(one) === nameOf(old)) ?? old)
  const added = sections.filter((one) => !before.some((old) => nameOf(old) === nameOf(one)))
  return `${byHand}${FROM_HERE}\n\n${[head, ...kept, ...added].map((part) => part.trim()).join('\n\n')}\n`
}

/** What stands before the first case, and each case. */
function sectionsOf(page: string): string[] {
  return page.split(/\n(?=### `)/)
}

function nameOf(section: string): string | undefined {
  return /^### `([^`]+)`/.exec(section.trim())?.[1]
}

/** What `RESULTS.md` has of one run of the benchmark. */
export function resultsPage(
  results: readonly Result[],
  machine: Machine,
  command: string,
  scale: number,
  commit: string,
): string {
  return [
    '## As the benchmark wrote it',
    '',
    'Written by the benchmark itself; what is measured and how: [README.md](README.md). Medians, with the least and',
    'the greatest in parentheses. Two runs of the same build differ by up to 25 %: a ratio between 0.8 and 1.25 is a',
    'tie. "Elsewhere" was measured once, on one machine, with another load generator: for orientation only.',
    '',
    '```sh',
    command,
    '```',
    '',
    ...(scale === 1
      ? []
      : [`**Tried out only**: all counts are those of a full run multiplied by ${scale}.`, '']),
    ...Object.entries(machine).map(([name, value]) => `- ${name}: ${value}`),
    ...results.flatMap((result) => section(result, commit)),
    '',
  ].join('\n')
}

function section({ name, title, runs, rows, peerName, stores, failure }: Result, commit: string): string[] {
  const heading = [
    '',
    `### \`${name}\`: ${title}`,
    '',
    `${runs} ${runs === 1 ? 'run' : 'runs'} of \`${commit}\`.`,
    '',
  ]
  if (failure !== undefined) return [...heading, `**Failed**: ${failure}`]
  if (stores !== undefined) {
    const names = stores.map((store) => ` ${STORE_NAMES[store]} | ratio |`).join('')
    const rules = stores.map(() => ' --- | --- |').join('')
    const head = [`| | in a folder |${names} target | holds |`, `| --- | --- |${rules} --- | --- |`]
    return [...heading, ...head, ...rows.map(storeLine)]
  }
  return [
    ...heading,
    `| | Rollcall | reference | ratio | target | holds |${peerName === undefined ? '' : ` ${peerName} | ratio |`} elsewhere |`,
    `| --- | --- | --- | --- | --- | --- |${peerName === undefined ? '' : ' --- | --- |'} --- |`,
    ...rows.map((row) => tableLine(row, peerName !== undefined)),
  ]
}

function tableLine(row: Row, hasPeer: boolean): string {
  const { measure } = row
  const cells = [
    measure.name,
    formatSpread(row.rollcall, measure),
    formatSpread(row.reference, measure),
    formatRatio(row.ratio),
    formatTarget(measure),
    formatHolds(row.holds),
    ...(hasPeer ? [formatSpread(row.peer, measure), formatRatio(row.peerRatio)] : []),
    measure.elsewhere ?? '',
  ]
  return `| ${cells.join(' | ')} |`
}

function storeLine({ measure, rollcall, stores = [], holds }: Row): string {
  const cells = [
    measure.name,
    formatSpread(rollcall, measure),
    ...stores.flatMap(({ spread, ratio }) => [formatSpread(spread, measure), formatRatio(ratio)]),
    formatTarget(measure),
    formatHolds(holds),
  ]
  return `| ${cells.join(' | ')} |`
}
