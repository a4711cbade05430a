import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { isBackend } from './policy.ts'
import type { Principal } from './principal.ts'

/**
 * Whether the peer of a connection has shown a client certificate that the configured authorities signed.
 *
 * `authorized` alone does not tell: Node takes a resumed session of TLS 1.3 for one whose peer was verified, also where
 * that peer never showed anything. The certificate itself comes back with the session of whoever had one.
 */
export function showsCertificate(socket: Duplex): boolean {
  return socket instanceof TLSSocket && socket.authorized && socket.getPeerX509Certificate() !== undefined
}

/** Whether a caller is one that `tlsClientCertificates` means by `backends`: any backend, and role SERVICE. Pure. */
export function mustShowCertificate(principal: Principal): boolean {
  return principal.isService || isBackend(principal)
}
