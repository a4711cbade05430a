import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

const KIB = 1024

/** CPU time of a process with all of its threads, seconds: user and system (proc(5): `stat`, fields 14 and 15). */
export function cpuSeconds(pid: number, ticksPerSecond: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The name of the program, field 2, may hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** Unit of the times in `/proc`. */
export function clockTicksPerSecond(): number {
  return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'latin1' }))
}

/** Memory of a process that is in RAM. */
export type Memory = {
  readonly residentBytes: number
  /** Its own: heap, stacks, buffers. The rest is pages of files, which the kernel may drop. */
  readonly anonymousBytes: number
}

export function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  return { residentBytes: bytesOf(status, 'VmRSS'), anonymousBytes: bytesOf(status, 'RssAnon') }
}

function bytesOf(status: string, name: string): number {
  const [, kib] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status) ?? []
  if (kib === undefined) throw new Error(`/proc has no ${name}`)
  return Number(kib) * KIB
}

/** Bytes that a process has had written to disk so far (proc(5): `io`). */
export function writtenBytes(pid: number): number {
  const [, bytes] = /^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'latin1')) ?? []
  if (bytes === undefined) throw new Error('/proc does not tell what is written')
  return Number(bytes)
}

/** How often the threads that a process has now have been given the processor, and had to wait for something again. */
export function contextSwitches(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`)
  return threads.reduce((sum, thread) => sum + switchesOf(`/proc/${pid}/task/${thread}/status`), 0)
}

function switchesOf(statusFile: string): number {
  const switches = readFileSync(statusFile, 'latin1').matchAll(/^(?:non)?voluntary_ctxt_switches:\s+(\d+)$/gm)
  return [...switches].reduce((sum, [, count]) => sum + Number(count), 0)
}
