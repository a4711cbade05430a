import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CONFIGURATION_KEYS } from '../../server/src/config/config.ts'
import { buildOpenApi } from '../../server/src/http/http.ts'
import { apiPage } from './api-page.ts'
import { withConfigurationTable } from './configuration-table.ts'
import { sdkIntegrity, withIntegrity } from './sdk-integrity.ts'
import { ROOT } from './sources.ts'

/** A document that is made, in whole or in part, from the sources. */
export type Document = {
  /** From the root. */
  readonly path: string
  /** What it must hold now. */
  text(): Promise<string>
}

export const DOCUMENTS: readonly Document[] = [
  {
    path: 'docs/configuration.md',
    text: async () => withConfigurationTable(read('docs/configuration.md'), CONFIGURATION_KEYS),
  },
  {
    path: 'docs/openapi.json',
    text: async () => `${JSON.stringify(await buildOpenApi(), null, 2)}\n`,
  },
  {
    path: 'docs/api.md',
    // As a reader gets it: without what JSON leaves out.
    text: async () => apiPage(JSON.parse(JSON.stringify(await buildOpenApi()))),
  },
  {
    path: 'docs/sdk.md',
    text: async () =>
      withIntegrity(read('docs/sdk.md'), sdkIntegrity(), JSON.parse(read('client/package.json')).version),
  },
]

/** A file's text, by its path from the root. */
export function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}
