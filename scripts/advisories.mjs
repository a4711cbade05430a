import { spawnSync } from 'node:child_process'
import { isMain, root } from './workspace.mjs'

const TIME_LIMIT_MS = 60_000
const SEVERITIES = ['info', 'low', 'moderate', 'high', 'critical']
/** From here on a known weakness in what runs in production ends the build. */
const SEVERITY_MIN = 'moderate'

/**
 * @typedef {{ readonly kind: 'clean' }
 *   | { readonly kind: 'found', readonly lines: readonly string[] }
 *   | { readonly kind: 'skipped', readonly why: string }} Verdict
 */

/**
 * What `npm audit --json` says. Anything that is no report is no verdict: a machine without a registry, or one whose
 * registry knows no advisories, must not fail, and must not look as if all were well.
 * @param {string} output
 * @returns {Verdict}
 */
export function verdictOf(output) {
  const report = parse(output)
  const { vulnerabilities } = report
  if (typeof vulnerabilities !== 'object' || vulnerabilities === null)
    return { kind: 'skipped', why: reasonIn(report) }
  const lines = Object.entries(vulnerabilities)
    .filter(([, { severity }]) => SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(SEVERITY_MIN))
    .map(([name, { severity, range }]) => `${severity}: ${name} ${range}`)
  return lines.length === 0 ? { kind: 'clean' } : { kind: 'found', lines }
}

/**
 * @param {string} output
 * @returns {Record<string, any>}
 */
function parse(output) {
  try {
    return Object(JSON.parse(output))
  } catch {
    return {}
  }
}

/** The registry's address is nobody's business. @param {Record<string, any>} report */
function reasonIn({ message, error }) {
  const text = message ?? error?.summary ?? error?.code ?? 'npm gave no report'
  return String(text)
    .replace(/(?: - \w+)? ?https?:\/\/\S+/g, '')
    .slice(0, 200)
}

function main() {
  const args = ['audit', '--json', '--package-lock-only', '--omit=dev']
  const { stdout } = spawnSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    timeout: TIME_LIMIT_MS,
    shell: process.platform === 'win32',
  })
  const verdict = verdictOf(stdout ?? '')
  if (verdict.kind === 'clean') process.stdout.write('✔ no known weakness in what package-lock.json names\n')
  if (verdict.kind === 'skipped')
    process.stdout.write(`⚠ SKIPPED: no registry answered with advisories (${verdict.why})\n`)
  if (verdict.kind !== 'found') return
  process.stdout.write(`✖ known weaknesses:\n${verdict.lines.map((line) => `  ${line}\n`).join('')}`)
  process.exitCode = 1
}

if (isMain(import.meta.url)) main()
