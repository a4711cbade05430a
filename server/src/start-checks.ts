import { isIP } from 'node:net'
import { identityProblem, usesDemoDirectory } from './auth/auth.ts'
import { type CertificateFiles, readCertificate } from './certificate.ts'
import type { Random } from './clock/clock.ts'
import { type Configuration, ConfigurationError } from './config/config.ts'
import { loadSealingKey } from './masks/masks.ts'

/**
 * Finds what a start would refuse, without starting: also what stands in the files that the configuration names.
 * Writes nothing, and asks nobody on the network.
 *
 * @throws ConfigurationError naming what is wrong
 */
export async function checkStart(configuration: Configuration, random: Random): Promise<void> {
  if (usesDemoDirectory(configuration)) assertLoopback(configuration.host)
  const files = certificateFiles(configuration)
  if (files !== undefined) await naming('TLS_CERT_FILE', () => readCertificate(files))
  const problem = await identityProblem(configuration)
  if (problem !== undefined) throw new ConfigurationError('who may call', problem)
  const { dataDir, sealingKey: keyFromConfig } = configuration
  if (keyFromConfig !== undefined)
    await naming('SEALING_KEY', () => loadSealingKey({ dataDir, keyFromConfig, random }))
}

async function naming(key: string, check: () => Promise<unknown>): Promise<void> {
  try {
    await check()
  } catch (error) {
    throw new ConfigurationError(key, error instanceof Error ? error.message : String(error))
  }
}

export function certificateFiles({ tlsCertFile, tlsKeyFile }: Configuration): CertificateFiles | undefined {
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return undefined
  return { certFile: tlsCertFile, keyFile: tlsKeyFile }
}

/** @throws ConfigurationError */
export function assertLoopback(host: string): void {
  const isLoopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  if (isLoopback) return
  throw new ConfigurationError(
    'HOST',
    'the demo directory is for this machine only: listen on a loopback address, or set DIRECTORY_FILE',
  )
}
