import { isIP } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { CertificateFiles } from './certificate.ts'
import { type Configuration, ConfigurationError, hasKnownSecrets } from './config/config.ts'

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

/**
 * Secrets that everybody knows are for this machine only.
 *
 * @throws ConfigurationError
 */
export function assertLoopbackForDemo(
  configuration: Pick<Configuration, 'host' | 'directory' | 'directoryFile' | 'demoSecrets'>,
): void {
  if (!hasKnownSecrets(configuration)) return
  const { host } = configuration
  const isLoopback = host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
  if (isLoopback) return
  throw new ConfigurationError(
    'HOST',
    'the demo directory is for this machine only: listen on a loopback address, or set DIRECTORY_FILE, DIRECTORY=store, or DEMO_SECRETS=random',
  )
}
