import { type AllowedOrigins, allowOrigins } from './origins.ts'

/** Where pages are while they are developed, whichever port their tools take. */
const THIS_MACHINE = ['http://localhost:*', 'http://127.0.0.1:*']

/**
 * With the demo directory, pages of this machine may call beside those that are configured: everybody knows its secrets,
 * and it is for trying.
 */
export function withDemoOrigins<Given extends { readonly allowedOrigins: AllowedOrigins }>(
  configuration: Given,
): Given {
  const { patterns } = configuration.allowedOrigins
  return { ...configuration, allowedOrigins: allowOrigins([...patterns, ...THIS_MACHINE]) }
}

/** Names that no DNS server may give to another machine (RFC 6761 §6.3), and addresses of this one. */
const LOOPBACK = /^(?:(?:[a-z0-9-]+\.)*localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i

/**
 * Whether a `Host` header names this machine as only itself can be named, whatever the port. A request without one is no
 * browser's, but nobody needs it either.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK.test(host)
}

/** Whether the demo directory is in force. */
export function usesDemoDirectory({
  directory,
  directoryFile,
}: {
  readonly directory?: 'file' | 'store'
  readonly directoryFile?: string | undefined
}): boolean {
  return directory !== 'store' && directoryFile === undefined
}

/** Whether everybody knows the secrets of those who may call: listen on loopback only. */
export function hasKnownSecrets(configuration: {
  readonly directory?: 'file' | 'store'
  readonly directoryFile?: string | undefined
  readonly demoSecrets: 'known' | 'random'
}): boolean {
  return usesDemoDirectory(configuration) && configuration.demoSecrets === 'known'
}
