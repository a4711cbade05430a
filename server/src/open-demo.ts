import { existsSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { demoWithRandomSecrets, type ShownSecret } from './auth/auth.ts'
import type { Random } from './clock/clock.ts'

const FILE_NAME = 'demo-directory.json'

/** The demo directory of a server that strangers may reach. */
export type OpenDemo = {
  readonly file: string
  /** What is shown at the start that has made them, and never again: only their hashes are kept. */
  readonly secrets: readonly ShownSecret[] | undefined
}

/**
 * Makes the demo directory with secrets of this server's own, where there is none yet. For whoever holds the data folder's
 * lock: two of them would show secrets of which one's are good for nothing.
 */
export async function openDemo(dataDir: string, random: Pick<Random, 'bytes'>): Promise<OpenDemo> {
  const file = join(dataDir, FILE_NAME)
  if (existsSync(file)) return { file, secrets: undefined }
  const { text, secrets } = await demoWithRandomSecrets(random)
  // Whole or not at all: half a file would refuse every start from then on.
  await writeFile(`${file}.new`, text, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return { file, secrets }
}
