import { RollcallError } from '@rollcall/protocol/error-code'
import type { Principal, TokenRequest } from '../../server/src/auth/auth.ts'
import type { HttpOptions } from '../../server/src/http/http.ts'
import type { FakeClock } from './fake-clock.ts'
import { noDirectory } from './no-directory.ts'
import { noProvider } from './no-provider.ts'

const HOUR_MS = 3_600_000

/** What was revoked: tokens, and users as `organization/user`. */
export type Revocations = { count: number; readonly revoked: Set<string> }

const organization = (id: string, name: string) =>
  [id, { id, name, webhooks: [], send: [], senderId: false }] as const
const ORGANIZATIONS = new Map([organization('acme', 'Acme'), organization('globex', '<b>Globex</b>')])

/** `alice`, `bob` and `backend` of acme, and `service` of role SERVICE are their own tokens; `fault` is a fault. */
export function fakeAuth(
  clock: FakeClock,
  requests: TokenRequest[],
  revocations: Revocations,
): HttpOptions['auth'] {
  const known = new Set(['alice', 'bob', 'backend', 'service'])
  const principalOf = (token: string): Principal => {
    if (token === 'fault') throw new Error(`could not look up ${token}`)
    if (!known.has(token)) throw new RollcallError('unauthorized')
    const isService = token === 'service'
    return {
      organizationId: isService ? null : 'acme',
      userId: token,
      clientId: token === 'backend' ? token : 'customer',
      isClient: token === 'backend' || isService,
      authorities: [isService ? 'ROLE_SERVICE' : 'ROLE_USER'],
      isService,
      expiresAtWallMs: clock.wallMs() + HOUR_MS,
    }
  }
  const verified = new Set<string>()
  const verify = async (token: string): Promise<Principal> => {
    const principal = principalOf(token.slice(4))
    verified.add(token)
    return principal
  }
  return {
    // As the real one: `new-` stands for a token that is verified when it comes first.
    authenticate(token, beforeCheck) {
      if (!token.startsWith('new-')) return principalOf(token)
      if (verified.has(token)) return principalOf(token.slice(4))
      beforeCheck?.()
      return verify(token)
    },
    isStillGood: (token) => known.has(token) && !revocations.revoked.has(token),
    directory: noDirectory(),
    revocations: () => revocations.count,
    oidc: noProvider(),
    async revokeUser({ organizationId, userId }) {
      revocations.count++
      revocations.revoked.add(`${organizationId}/${userId}`)
    },
    async token(request) {
      requests.push(request)
      return {
        access_token: 'A',
        token_type: 'bearer',
        expires_in: 3_600,
        scope: 'rtc',
        jti: 'J',
        sub: 'alice',
        userId: 'alice',
      }
    },
    revoke: async (request) => void requests.push(request),
    jwks: () => ({ keys: [{ kty: 'RSA', kid: 'k1' }] }),
    organizations: () => ORGANIZATIONS,
    mayBeOrganization: (id) => ORGANIZATIONS.has(id),
    namedByIssuers: () => new Set(['acme', 'foreign']),
    metadata: () => ({ issuer: 'http://127.0.0.1' }),
  }
}
