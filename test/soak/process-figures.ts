import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'

const KIB = 1024

/** What a process has of the machine now, as far as it is there to be counted: files come and go meanwhile. */
export function processFigures(pid: number, folder: string) {
  const handles = readdirSync(`/proc/${pid}/fd`).map((fd) => targetOf(`/proc/${pid}/fd/${fd}`))
  const sockets = handles.filter((target) => target.startsWith('socket:')).length
  return {
    'resident memory': residentBytes(pid),
    'file handles, no sockets': handles.length - sockets,
    sockets,
    'data folder': folderBytes(folder),
  }
}

function residentBytes(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  if (kib === undefined) throw new Error('/proc has no VmRSS')
  return Number(kib) * KIB
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}

/** What its files take on disk: some are written ahead of what is in them. */
function folderBytes(folder: string): number {
  let bytes = 0
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    try {
      const { blocks, isFile } = statOf(join(folder, name))
      if (isFile) bytes += 512 * blocks
    } catch {
      // It has gone meanwhile.
    }
  return bytes
}

function statOf(path: string): { readonly blocks: number; readonly isFile: boolean } {
  const stat = statSync(path)
  return { blocks: stat.blocks, isFile: stat.isFile() }
}
