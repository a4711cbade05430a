import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'

/** Where a process of a test is: on loopback, or in a network of its own (`networks.ts`). */
export type Spot = {
  /** Its address. */
  readonly host: string
  /** The command that starts a program there, and becomes it; none: the program itself is started. */
  readonly via: readonly string[]
}

export const LOOPBACK: Spot = { host: '127.0.0.1', via: [] }

/** Those that nobody has ended: they must not outlive a test that fails where it cannot end them. */
const running = new Set<ChildProcess>()

process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a program there: the process that is returned is the program's own. */
export function spawnAt(
  { via }: Spot,
  program: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  const [first = program, ...others] = [...via, program, ...args]
  const child = spawn(first, others, options)
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}
