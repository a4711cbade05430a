import helmet from '@fastify/helmet'
import type { App } from '../app-type.ts'
import { STRICT_TRANSPORT_SECONDS } from './transport-security.ts'

/** Directives of a Content-Security-Policy, with their sources. */
export type PagePolicy = { readonly [directive: string]: readonly string[] }

/**
 * The headers that keep a browser safe on this scope's pages: the policy, no sniffing, no framing, no referrer,
 * a browsing context of their own, and HTTPS only where the server speaks TLS itself.
 */
export async function guardPages(scope: App, policy: PagePolicy, isTls: boolean): Promise<void> {
  const directives = Object.fromEntries(Object.entries(policy).map(([name, sources]) => [name, [...sources]]))
  await scope.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives },
    strictTransportSecurity: isTls && { maxAge: STRICT_TRANSPORT_SECONDS, includeSubDomains: false },
    xFrameOptions: { action: 'deny' },
  })
}
