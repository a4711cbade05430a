import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { EXIT, UsageError } from '../exit-codes.ts'

/** Hands its arguments on. Returns the exit code. */
type Delegate = (args: readonly string[]) => Promise<number>

const require = createRequire(import.meta.url)

/** A command of the server's own program, which has its own command line, streams and exit code. */
export function serverCommand(
  name:
    | 'start'
    | 'check-config'
    | 'check'
    | 'repair'
    | 'hash-secret'
    | 'backup'
    | 'restore'
    | 'rotate-key'
    | 'add-administrator'
    | 'import-directory'
    | 'export-directory'
    | 'export-store'
    | 'import-store',
): Delegate {
  return (args) => runProgram(programOf('@rollcall/server', 'dist/main.js'), [name, ...args])
}

/** Only where the repository is: the benchmark is not published. */
export const bench: Delegate = (args) => runProgram(programOf('@rollcall/bench', 'dist/bench.js'), args)

/** @throws UsageError where it is not there */
function programOf(name: string, path: string): string {
  try {
    const program = join(dirname(require.resolve(`${name}/package.json`)), path)
    if (existsSync(program)) return program
  } catch {
    // Not installed.
  }
  throw new UsageError(`this needs ${name}, which is not installed beside the command line`)
}

function runProgram(program: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, ['--enable-source-maps', program, ...args], { stdio: 'inherit' })
  // Ctrl-C reaches the whole group by itself, and a second signal would end the server at once.
  process.on('SIGINT', () => undefined)
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? EXIT.failed))
  })
}
