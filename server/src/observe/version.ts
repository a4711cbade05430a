import { readFileSync } from 'node:fs'

/** The version of this server, as its package names it. */
export function productVersion(): string {
  // The same distance from the sources as from the build.
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  if (typeof manifest !== 'object' || manifest === null) throw new Error('package.json holds no object')
  return String(Reflect.get(manifest, 'version'))
}
