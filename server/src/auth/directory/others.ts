import { realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

const BITS = { read: 0o004, write: 0o002 } as const
const REACH_BIT = 0o001

/**
 * Whether everybody with an account on this machine may read a file, or write into a folder: by its own mode, and because
 * no folder above it keeps them out. The owner's group may do either, since that is how a file is handed to a service.
 *
 * @throws Error of the system where it cannot be looked at
 */
export async function othersMay(what: keyof typeof BITS, path: string): Promise<boolean> {
  // Windows has no such modes and reports every file as readable by all.
  if (process.platform === 'win32') return false
  const real = await realpath(path)
  if (((await stat(real)).mode & BITS[what]) === 0) return false
  for (
    let [below, folder] = [real, dirname(real)];
    folder !== below;
    [below, folder] = [folder, dirname(folder)]
  )
    if (((await stat(folder)).mode & REACH_BIT) === 0) return false
  return true
}
