/** Names that no DNS server may give to another machine (RFC 6761 §6.3), and addresses of this one. */
const LOOPBACK = /^(?:(?:[a-z0-9-]+\.)*localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/i

/**
 * Whether a `Host` header names this machine as only itself can be named, whatever the port. A request without one is no
 * browser's, but nobody needs it either.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  return host !== undefined && LOOPBACK.test(host)
}
