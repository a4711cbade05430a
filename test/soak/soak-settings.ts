import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Allowance } from './growth.ts'

export const PASSWORD = 'bench-password'
/** argon2id at its least cost: only ever in a folder that goes away with the run. */
const PASSWORD_HASH =
  '$argon2id$v=19$m=8,t=1,p=1$d27U+29fcwv2upODlGGX1A$6INEaxJ7ky9jkUHuWiRVKm2cGq4uJwRuln8aj5cydDQ'
export const SECRET = 'soak-secret'

/** So little that it is full before the warm-up is over: what grows afterwards is something else. */
export const HISTORY_BYTES_MAX = 1_048_576
/** Two parts of the log, runs before and after they are merged, and what is written ahead. */
const FOLDER_BYTES_MAX = 256 * 1024 ** 2
/** What a file handle here or there is opened for: a run that is merged, a connection that a backend keeps. */
const HANDLES_SLACK = 16
const SOCKETS_SLACK = 64

/** What may become of the server while nothing of its load changes. */
export const ALLOWANCES: readonly Allowance[] = [
  { name: 'resident memory', unit: 'MB', growthPercentMax: 5, slack: 0 },
  { name: 'file handles, no sockets', unit: '', growthPercentMax: 5, slack: HANDLES_SLACK },
  { name: 'sockets beside links', unit: '', growthPercentMax: 5, slack: SOCKETS_SLACK },
  { name: 'data folder', unit: 'MB', growthPercentMax: 25, slack: 32 * 1024 ** 2, max: FOLDER_BYTES_MAX },
]

/** @returns the directory file */
export async function writeSoakDirectory(folder: string, users: number): Promise<string> {
  const secretHash = `sha256$${createHash('sha256').update(SECRET).digest('base64url')}`
  const file = join(folder, 'directory.json')
  const directory = {
    organizations: [{ id: 'acme' }],
    users: Array.from({ length: users }, (_, index) => ({
      ...{ username: `user-${index}`, passwordHash: PASSWORD_HASH, organizationId: 'acme' },
    })),
    clients: [
      { id: 'phones', public: true, grants: ['password', 'refresh_token'] },
      { id: 'backend', secretHash, organizationId: 'acme', grants: ['client_credentials'] },
    ],
  }
  await writeFile(file, JSON.stringify(directory))
  return file
}
