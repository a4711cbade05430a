import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundleSdk } from '../../scripts/bundle.mjs'

const PLACE = /(<!-- integrity -->.*?"sha384-)[^"]*(".*?<!-- \/integrity -->)/s

/** The digest of the SDK as one file, as a page writes it (Subresource Integrity, §3.5), made from the sources as they are. */
export function sdkIntegrity(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-integrity-'))
  try {
    const file = join(folder, 'sdk.js')
    bundleSdk(file)
    return `sha384-${createHash('sha384').update(readFileSync(file)).digest('base64')}`
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The page with that digest in its place. */
export function withIntegrity(page: string, integrity: string, version: string): string {
  if (!PLACE.test(page)) throw new Error('there must be one place for the integrity of the SDK')
  const named = page.replaceAll(/\/sdk-\d+\.\d+\.\d+\.js/g, `/sdk-${version}.js`)
  return named.replace(PLACE, (_all, before, after) => `${before}${integrity.replace('sha384-', '')}${after}`)
}
