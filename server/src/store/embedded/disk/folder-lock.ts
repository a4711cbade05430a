import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { tryLock } from 'fs-native-extensions'
import { ownIdentity, parseIdentity } from './process-identity.ts'

const FILE = 'lock'
const FILE_MODE = 0o600

/** Held for as long as the process lives, or until it is released. */
export type FolderLock = { release(): void }

/**
 * Makes this process the one owner of a folder, or throws. The lock is the kernel's: it ends with its process,
 * however that ends, and not before, whatever pid namespace or container either is in, and however long the
 * owner is paused. What the file says is for the message only.
 */
export function lockFolder(folder: string): FolderLock {
  const file = join(folder, FILE)
  const handle = openSync(file, 'a+', FILE_MODE)
  if (!tryLock(handle)) {
    closeSync(handle)
    refuse(file)
  }
  ftruncateSync(handle)
  writeSync(handle, JSON.stringify(ownIdentity()))
  let isHeld = true
  return {
    release() {
      if (isHeld) closeSync(handle)
      isHeld = false
    },
  }
}

function refuse(file: string): never {
  const owner = parseIdentity(readFileSync(file, 'utf8'))
  throw new Error(
    `The data folder is in use by process ${owner?.pid ?? 'unknown'} (${file}). Stop it first, or choose another folder.`,
  )
}
