import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import { identityProblem, othersMay, usesDemoDirectory } from './auth/auth.ts'
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
  await assertOwnFolder(dataDir)
  if (keyFromConfig !== undefined)
    await naming('SEALING_KEY', () => loadSealingKey({ dataDir, keyFromConfig, random }))
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

/** @throws ConfigurationError where the cipher suites are none, or allow nothing of the versions that are left */
export function certificateFiles(configuration: Configuration): CertificateFiles | undefined {
  const { tlsCertFile, tlsKeyFile, tlsClientCaFile, tlsMinVersion, tlsCiphers } = configuration
  if (tlsCertFile === undefined || tlsKeyFile === undefined) return undefined
  checkCiphers(tlsCiphers)
  const manners = {
    minVersion: tlsMinVersion,
    ciphers: tlsCiphers,
    requestCert: tlsClientCaFile !== undefined,
    rejectUnauthorized: tlsClientCaFile !== undefined && configuration.tlsClientCertificates === 'everyone',
  }
  return { certFile: tlsCertFile, keyFile: tlsKeyFile, clientCaFile: tlsClientCaFile, manners }
}

function checkCiphers(ciphers: string): void {
  try {
    createSecureContext({ ciphers })
  } catch {
    throw new ConfigurationError('TLS_CIPHERS', 'must be cipher suites by the names that OpenSSL gives them')
  }
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
