import { readFile, stat } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { Clock } from './clock/clock.ts'
import type { Log } from './observe/observe.ts'

/** A certificate chain and its private key, PEM. */
export type Certificate = { readonly cert: Buffer; readonly key: Buffer }

export type CertificateFiles = { readonly certFile: string; readonly keyFile: string }

/** Files are polled, not watched: certificate tools replace them, and mounted volumes swap a link above them. */
const POLL_PERIOD_MS = 2000

/**
 * Reads a certificate and tries it out.
 *
 * @throws Error naming the files, when they cannot be read or do not fit together
 */
export async function readCertificate({ certFile, keyFile }: CertificateFiles): Promise<Certificate> {
  try {
    const [cert, key] = await Promise.all([readFile(certFile), readFile(keyFile)])
    createSecureContext({ cert, key })
    return { cert, key }
  } catch (error) {
    throw new Error(`the certificate ${certFile} with key ${keyFile} cannot be used`, { cause: error })
  }
}

/**
 * Hands a changed certificate to `use`, about 2 s after both files have changed. One that cannot be used is
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
async function versionOf({ certFile, keyFile }: CertificateFiles): Promise<string> {
  const stats = await Promise.all([certFile, keyFile].map((file) => stat(file).catch(() => undefined)))
  return stats.map((found) => `${found?.ino} ${found?.mtimeMs} ${found?.size}`).join(' ')
}
