import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { pid } from 'node:process'
import type { Clock } from '../../../clock/clock.ts'

/**
 * Which process this is. A pid alone says little: it is used again, and in containers it is often 1. So, where
 * /proc tells: the boot of the machine, the pid namespace, and when the process started. Empty where it does
 * not.
 */
export type ProcessIdentity = {
  readonly pid: number
  readonly bootId: string
  readonly pidNamespace: string
  readonly startedAt: string
}

export function ownIdentity(): ProcessIdentity {
  return {
    pid,
    bootId: quietly(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()) ?? '',
    pidNamespace: quietly(() => readlinkSync('/proc/self/ns/pid')) ?? '',
    startedAt: startOf(pid) ?? '',
  }
}

export function parseIdentity(text: string): ProcessIdentity | undefined {
  const parsed: unknown = quietly(() => JSON.parse(text))
  if (typeof parsed !== 'object' || parsed === null) return undefined
  const member = (name: string): unknown => Reflect.get(parsed, name)
  const number = member('pid')
  if (typeof number !== 'number') return undefined
  const textOf = (name: string) => String(member(name) ?? '')
  return {
    pid: number,
    bootId: textOf('bootId'),
    pidNamespace: textOf('pidNamespace'),
    startedAt: textOf('startedAt'),
  }
}

/** Whether a process is running, as far as `self` can see. */
export function isRunning(
  other: ProcessIdentity,
  self: ProcessIdentity = ownIdentity(),
): 'yes' | 'no' | 'cannot tell' {
  if (other.bootId !== self.bootId) return 'no'
  if (other.pidNamespace !== self.pidNamespace) return 'cannot tell'
  if (self.startedAt === '') return answersSignals(other.pid) ? 'yes' : 'no'
  return startOf(other.pid) === other.startedAt ? 'yes' : 'no'
}

/** When a process started, in ticks since the boot; `undefined` when there is none, or no /proc. */
function startOf(processId: number): string | undefined {
  const stat = quietly(() => readFileSync(`/proc/${processId}/stat`, 'utf8'))
  // The second field is the program's name in parentheses and may hold anything; the start is the 22nd.
  return stat
    ?.slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .at(19)
}

function answersSignals(processId: number): boolean {
  return quietly(() => process.kill(processId, 0)) ?? false
}

function quietly<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}

/** A name for a new store, 16 hexadecimal digits. Two stores are never made by one process at one time. */
export function newStoreId(clock: Clock): string {
  const maker = JSON.stringify([ownIdentity(), clock.wallMs(), clock.monotonicMs()])
  return createHash('sha256').update(maker).digest('hex').slice(0, 16)
}
