import { readDirectory } from './directory/watched-directory.ts'
import { parseForeignIssuers } from './foreign/foreign-issuers.ts'
import { parseOidc } from './oidc/oidc-settings.ts'

/** What says who may call, and where it is wrong; nothing when a start would take it. Nothing is fetched. */
export async function identityProblem(settings: {
  readonly directoryFile: string | undefined
  readonly directoryFileShared?: boolean
  readonly foreignIssuers: unknown
  readonly openIdConnect?: unknown
  readonly openIdConnectClientSecret?: string | undefined
}): Promise<string | undefined> {
  try {
    parseForeignIssuers(settings.foreignIssuers)
    parseOidc(settings.openIdConnect, settings.openIdConnectClientSecret)
    if (settings.directoryFile !== undefined)
      await readDirectory(settings.directoryFile, settings.directoryFileShared === true)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
