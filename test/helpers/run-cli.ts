import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../cli/dist/main.js', import.meta.url))

/** The built command line as a process of its own. */
export type CliProcess = {
  readonly child: ChildProcess
  /** What it has written so far. */
  stdout(): string
  stderr(): string
  /** Each line of stdout, as JSON. */
  lines(): Record<string, unknown>[]
  /** Its exit code. */
  ended: Promise<number | null>
}

/** @param env in place of the caller's; `input` is its standard input */
export function startCli(
  args: readonly string[],
  { env = {}, input = '' }: { env?: Record<string, string>; input?: string } = {},
): CliProcess {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { PATH: process.env['PATH'], ...env } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  child.stdin.end(input)
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    lines: () => parseLines(stdout),
    ended: once(child, 'close').then(([code]: (number | null)[]) => code ?? null),
  }
}

/** Runs it to its end. */
export async function runCli(...given: Parameters<typeof startCli>) {
  const cli = startCli(...given)
  const code = await cli.ended
  return { code, stdout: cli.stdout(), stderr: cli.stderr(), lines: cli.lines }
}

function parseLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}
