import { identityProblem, othersMay } from './auth/auth.ts'
import { readCertificate } from './certificate.ts'
import type { Random } from './clock/clock.ts'
import { type Configuration, ConfigurationError } from './config/config.ts'
import { loadSealingKey, readFormerKey } from './masks/masks.ts'
import { assertLoopbackForDemo, certificateFiles } from './port-checks.ts'

/**
 * Finds what a start would refuse, without starting: also what stands in the files that the configuration names.
 * Writes nothing, and asks nobody on the network.
 *
 * @throws ConfigurationError naming what is wrong
 */
export async function checkStart(configuration: Configuration, random: Random): Promise<void> {
  assertLoopbackForDemo(configuration)
  const files = certificateFiles(configuration)
  if (files !== undefined) await naming('TLS_CERT_FILE', () => readCertificate(files))
  const problem = await identityProblem(configuration)
  if (problem !== undefined) throw new ConfigurationError('who may call', problem)
  const { dataDir, sealingKey: keyFromConfig, formerSealingKey } = configuration
  await assertOwnFolder(dataDir)
  if (keyFromConfig !== undefined)
    await naming('SEALING_KEY', () => loadSealingKey({ dataDir, keyFromConfig, random }))
  await naming('FORMER_SEALING_KEY', async () => readFormerKey(formerSealingKey))
}

/**
 * Whoever may write into the data folder can put other keys and other mailboxes there.
 *
 * @throws ConfigurationError with the command that mends it; not where there is no such folder yet
 */
export async function assertOwnFolder(dataDir: string): Promise<void> {
  const isOpen = await othersMay('write', dataDir).catch(() => false)
  if (isOpen)
    throw new ConfigurationError(
      'DATA_DIR',
      `everybody on this machine can write into it: chmod o-w ${dataDir}, or name a folder in it that the server makes`,
    )
}

async function naming(key: string, check: () => Promise<unknown>): Promise<void> {
  try {
    await check()
  } catch (error) {
    throw new ConfigurationError(key, error instanceof Error ? error.message : String(error))
  }
}
