import { readFile, stat } from 'node:fs/promises'
import type { Clock } from '../../clock/clock.ts'
import { FormError } from '../../parse/parse.ts'
import type { AuthLog } from '../auth-log.ts'
import { demoDirectory } from './demo-directory.ts'
import type { Directory, DirectorySource, ReloadListener } from './directory.ts'
import { parseDirectory } from './directory-file.ts'
import { othersMay } from './others.ts'

const POLL_PERIOD_MS = 500
const FILE_BYTES_MAX = 67_108_864

/** A container has no others, and its secrets are often mounted so. */
const SHARED_HINT = ' (or, in a container of its own, DIRECTORY_FILE_SHARED=true)'

type Options = {
  readonly file: string | undefined
  /** Whether everybody on this machine may read it. */
  readonly isShared: boolean
  readonly clock: Pick<Clock, 'every'>
  readonly log: AuthLog
}

/**
 * Opens the directory: the file, or the demo where there is none. A changed file is in force at most about
 * half a second later; one that cannot be read or is wrong changes nothing, and is logged once.
 *
 * The file is polled, not watched: editors replace it, and a mounted Kubernetes volume swaps a symbolic link
 * above it; both are lost on a file watcher.
 *
 * @throws Error naming the file and what is wrong with it, when it cannot be used at start
 */
export async function openDirectory({ file, isShared, clock, log }: Options): Promise<DirectorySource> {
  if (file === undefined) {
    const demo = demoDirectory()
    return { current: () => demo, onReloaded: () => {}, reload: async () => {}, close: async () => {} }
  }
  return watch(() => readDirectory(file, isShared), file, clock, log)
}

async function watch(
  read: () => Promise<Directory>,
  file: string,
  clock: Pick<Clock, 'every'>,
  log: AuthLog,
): Promise<DirectorySource> {
  let version = await versionOf(file)
  let directory = await read()
  let polling: Promise<void> | undefined
  const listeners: ReloadListener[] = []

  async function load(isForced: boolean): Promise<void> {
    const found = await versionOf(file)
    if (found === version && !isForced) return
    // Taken before the file is read: what is written after this makes the next poll read again.
    version = found
    try {
      const before = directory
      directory = await read()
      log.info('directory reloaded', { users: directory.users.size, clients: directory.clients.size })
      for (const listener of listeners) void listener(before, directory)
    } catch (error) {
      const problem = error instanceof Error ? error.message : 'unknown'
      log.error('directory not reloaded, the last good one stays in force', { problem })
    }
  }

  const start = (isForced: boolean): Promise<void> => {
    polling ??= load(isForced).finally(() => {
      polling = undefined
    })
    return polling
  }
  const timer = clock.every(POLL_PERIOD_MS, () => void start(false))
  return {
    current: () => directory,
    onReloaded: (listener) => void listeners.push(listener),
    async reload() {
      // A round under way may have looked before whoever asks has written.
      await polling
      await start(true)
    },
    async close() {
      timer.cancel()
      await polling
    },
  }
}

/** Tells one content of the file from another without reading it; an unreadable file is a version too. */
async function versionOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true })
    return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
  } catch (error) {
    return `unreadable ${codeOf(error)}`
  }
}

/**
 * @param isShared whether everybody on this machine may read it: hashes can be guessed from
 * @throws Error naming the file and what is wrong with it
 */
export async function readDirectory(file: string, isShared: boolean): Promise<Directory> {
  try {
    if (!isShared && (await othersMay('read', file)))
      throw new FormError('', `everybody on this machine can read it: chmod o-r ${file}${SHARED_HINT}`)
    const { size } = await stat(file)
    if (size > FILE_BYTES_MAX) throw new FormError('', `is larger than ${FILE_BYTES_MAX} bytes`)
    return parseDirectory(await readFile(file, 'utf8'))
  } catch (error) {
    const problem = error instanceof FormError ? error.message : `cannot be read (${codeOf(error)})`
    throw new Error(`directory file ${file}: ${problem}`)
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? Reflect.get(error, 'code') : undefined
  return typeof code === 'string' ? code : 'unknown error'
}
