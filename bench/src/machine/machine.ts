import { readFileSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { cpus, loadavg, release, totalmem, type } from 'node:os'
import type { Cores } from './cores.ts'

/** The machine in words, without anything that names it. */
export type Machine = { readonly [what: string]: string }

/** By their magic numbers (statfs(2)). */
const FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext4'],
  [0x58465342, 'xfs'],
  [0x9123683e, 'btrfs'],
  [0x01021994, 'tmpfs: nothing is durable there, and syncing costs nothing'],
  [0x794c7630, 'overlayfs'],
  [0x2fc12fc1, 'zfs'],
])

export async function describeMachine(dataFolder: string, cores: Cores | undefined): Promise<Machine> {
  const all = cpus()
  const [load = 0] = loadavg()
  return {
    CPU: `${all.length} × ${all[0]?.model.trim() ?? 'unknown'}${isVirtual() ? ', virtual' : ''}`,
    Memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    // Without the name that whoever built the kernel has put behind its version.
    System: `${type()} ${release().replace(/-.*/, '')}`,
    'Node.js': process.version,
    'Data folder': await fileSystemOf(dataFolder),
    Pinning:
      cores === undefined
        ? 'none: `taskset` or a second core is missing'
        : 'the server to one core, senders and receivers to the others',
    'Load average at the start': load.toFixed(2),
  }
}

async function fileSystemOf(folder: string): Promise<string> {
  const { type: magic } = await statfs(folder)
  return FILE_SYSTEMS.get(magic) ?? `file system 0x${magic.toString(16)}`
}

function isVirtual(): boolean {
  return /^flags.*\bhypervisor\b/m.test(readFileSync('/proc/cpuinfo', 'latin1'))
}
