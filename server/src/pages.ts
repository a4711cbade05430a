import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Page, SdkFile } from './http/http.ts'
import type { Log } from './observe/observe.ts'

/** Where the built pages lie, as absolute paths. A folder may be missing: a server can be built alone. */
export type PageFolders = {
  readonly console: string
  readonly ring: string
  /** The SDK as one file. Default: none is served. */
  readonly sdk?: SdkFile
}

/**
 * The pages to serve: the console unless it is switched off, and the example where the demo directory has the
 * people for it. What is not built is logged and left out.
 */
export function findPages(
  folders: PageFolders,
  { console, isDemo }: { readonly console: boolean; readonly isDemo: boolean },
  log: Pick<Log, 'info'>,
): readonly Page[] {
  const wanted: Page[] = []
  if (console) wanted.push({ path: '/console/', folder: folders.console })
  if (isDemo) wanted.push({ path: '/examples/ring/', folder: folders.ring })
  return wanted.filter(({ path, folder }) => {
    const isBuilt = existsSync(join(folder, 'index.html'))
    if (!isBuilt) log.info('page not served: it is not built', { path, folder })
    return isBuilt
  })
}

/** The SDK to serve. What is not built is logged and left out. */
export function findSdk({ sdk }: PageFolders, log: Pick<Log, 'info'>): SdkFile | undefined {
  if (sdk === undefined || existsSync(sdk.file)) return sdk
  log.info('SDK not served: it is not built', { file: sdk.file })
  return undefined
}
