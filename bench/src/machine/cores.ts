import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** Which cores the server and the load are pinned to, as `taskset -c` takes them. */
export type Cores = { readonly server: string; readonly load: string }

/**
 * The server gets one core, everything else the other ones. `undefined` where there is no `taskset` or only
 * one core: then nothing is pinned.
 */
export function chooseCores(): Cores | undefined {
  if (spawnSync('taskset', ['--version']).status !== 0) return undefined
  const [server, ...load] = allowedCores()
  return server === undefined || load.length === 0 ? undefined : { server, load: load.join(',') }
}

/** The command that runs `program` on these cores only; `taskset` becomes the program, under the same id. */
export function pinned(
  cores: string | undefined,
  program: string,
  args: readonly string[],
): readonly [string, readonly string[]] {
  return cores === undefined ? [program, args] : ['taskset', ['-c', cores, program, ...args]]
}

export function pinThisProcess(cores: string): void {
  spawnSync('taskset', ['-a', '-c', '-p', cores, String(process.pid)])
}

function allowedCores(): string[] {
  const [, list = ''] =
    /^Cpus_allowed_list:\s+(\S+)$/m.exec(readFileSync('/proc/self/status', 'latin1')) ?? []
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => String(first + index))
  })
}
