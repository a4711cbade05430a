/**
 * Whether a web page may connect. A browser always names the page's origin (RFC 6455 §10.2) and anything else
 * is free not to, so this protects people's browsers, not the server: access is by token.
 *
 * @param origin the `Origin` header; absent: not a browser
 * @param host the `Host` header
 * @param allowed origins as browsers write them, or `*`
 */
export function isOriginAllowed(
  origin: string | undefined,
  host: string | undefined,
  allowed: readonly string[],
): boolean {
  if (origin === undefined || allowed.includes('*') || allowed.includes(origin)) return true
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}
