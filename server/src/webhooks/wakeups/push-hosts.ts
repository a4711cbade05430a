/** Of Chrome and whatever is made of it, Firefox, Safari, Edge. */
export const PUSH_SERVICES: readonly string[] = [
  'fcm.googleapis.com',
  'updates.push.services.mozilla.com',
  '*.push.services.mozilla.com',
  '*.push.apple.com',
  '*.notify.windows.com',
]

/**
 * Whether the host of an address is one of those listed: a name, `*.` and a name for everything below it, or `*` for every
 * host. Registrations come from anybody who is signed in, and would otherwise have the server write to whomever they like.
 */
export function isHostListed(hosts: readonly string[], hostname: string): boolean {
  return hosts.some((host) => {
    if (host === '*' || host === hostname) return true
    return host.startsWith('*.') && hostname.endsWith(host.slice(1)) && hostname.length > host.length - 1
  })
}
