import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { Clock } from './clock/clock.ts'
import type { TlsMinVersion } from './config/config.ts'
import type { Log } from './observe/observe.ts'

/** How TLS is spoken whatever the certificate is. */
export type TlsManners = {
  readonly minVersion: TlsMinVersion
  /** OpenSSL names, the most wanted first. */
  readonly ciphers: string
  /** Whether clients are asked for a certificate, and whether one who shows none is turned away at once. */
  readonly requestCert: boolean
  readonly rejectUnauthorized: boolean
}

/**
 * Everything that a TLS server is made with, or has renewed: a certificate chain and its private key, PEM, and the
 * authorities whose clients' certificates are good.
 */
export type Certificate = TlsManners & {
  readonly cert: Buffer
  readonly key: Buffer
  readonly ca?: Buffer
}

export type CertificateFiles = {
  readonly certFile: string
  readonly keyFile: string
  readonly clientCaFile: string | undefined
  readonly manners: TlsManners
}

/** Files are polled, not watched: certificate tools replace them, and mounted volumes swap a link above them. */
const POLL_PERIOD_MS = 2000

/**
 * Reads a certificate and tries it out.
 *
 * @throws Error naming the files, when they cannot be read or do not fit together
 */
export async function readCertificate(files: CertificateFiles): Promise<Certificate> {
  const { certFile, keyFile, clientCaFile, manners } = files
  const ca = clientCaFile === undefined ? undefined : await readAuthorities(clientCaFile)
  try {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)])
    const { minVersion, ciphers } = manners
    createSecureContext({ cert, key, minVersion, ciphers })
    return { ...manners, cert, key, ...(ca === undefined ? {} : { ca }) }
  } catch (error) {
    throw new Error(`the certificate ${certFile} with key ${keyFile} cannot be used`, { cause: error })
  }
}

/** OpenSSL takes a file without any certificate in silence, and then trusts nobody. */
async function readAuthorities(file: string): Promise<Buffer> {
  try {
    const ca = await readFile(file)
    new X509Certificate(ca)
    return ca
  } catch (error) {
    throw new Error(`the client authorities ${file} cannot be used`, { cause: error })
  }
}

/**
 * Hands a changed certificate to `use`, about 2 s after the files have changed. One that cannot be used is
 * logged, and the last good one stays.
 *
 * @returns what stops the watching
 */
export function watchCertificate(
  files: CertificateFiles,
  { clock, log }: { readonly clock: Pick<Clock, 'every'>; readonly log: Pick<Log, 'info' | 'error'> },
  use: (certificate: Certificate) => void,
): () => void {
  let inForce: string | undefined
  let isBusy = false
  const poll = async (): Promise<void> => {
    const found = await versionOf(files)
    inForce ??= found
    if (found === inForce) return
    inForce = found
    use(await readCertificate(files))
    log.info('certificate reloaded')
  }
  const run = (): void => {
    if (isBusy) return
    isBusy = true
    poll()
      .catch((error: unknown) =>
        log.error('certificate not reloaded', { err: error instanceof Error ? error : undefined }),
      )
      .finally(() => {
        isBusy = false
      })
  }
  run()
  const timer = clock.every(POLL_PERIOD_MS, run)
  return () => timer.cancel()
}

/** Tells one content of the files from another without reading them. */
async function versionOf({ certFile, keyFile, clientCaFile }: CertificateFiles): Promise<string> {
  const all = [certFile, keyFile, ...(clientCaFile === undefined ? [] : [clientCaFile])]
  const stats = await Promise.all(all.map((file) => stat(file).catch(() => undefined)))
  return stats.map((found) => `${found?.ino} ${found?.mtimeMs} ${found?.size}`).join(' ')
}
