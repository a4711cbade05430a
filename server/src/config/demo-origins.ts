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
