import type { Verdict, Violation } from './checker.ts'
import type { Numbered } from './lines.ts'

/** What somebody reads at night: the rule, what is wrong, and the lines that show it. */
export function violationText({ rule, text, lines }: Violation): string {
  return [`${rule}: ${text}`, ...lines.map(lineText), ''].join('\n')
}

function lineText({ number, line }: Numbered): string {
  const { atMs, kind, ...rest } = line
  return `  line ${number}  ${(atMs / 1000).toFixed(3)} s  ${kind}  ${JSON.stringify(rest)}`
}

/** One line for each rule. */
export function tallyText({ tallies }: Verdict): string {
  const rows = tallies.map(({ name, title, held, open, violated }) => {
    const counts = [held, open, violated].map((count) => String(count).padStart(10)).join('')
    return `${name.padEnd(4)}${counts}  ${title}`
  })
  const head = `rule${['held', 'open', 'violated'].map((word) => word.padStart(10)).join('')}`
  return `${[head, ...rows].join('\n')}\n`
}
