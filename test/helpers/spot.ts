import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { endWithUs } from '../../scripts/guard.mjs'

/** Where a process of a test is: on loopback, or in a network of its own (`networks.ts`). */
export type Spot = {
  /** Its address. */
  readonly host: string
  /** The command that starts a program there, and becomes it; none: the program itself is started. */
  readonly via: readonly string[]
}

export const LOOPBACK: Spot = { host: '127.0.0.1', via: [] }

/** Starts a program there: the process that is returned is the program's own. It does not outlive this one. */
export function spawnAt(
  { via }: Spot,
  program: string,
  args: readonly string[],
  options: SpawnOptions,
): ChildProcess {
  const [first = program, ...others] = [...via, program, ...args]
  const child = spawn(first, others, options)
  endWithUs(child)
  return child
}
