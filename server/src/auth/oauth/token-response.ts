import { SCOPE, type SignedToken, type Subject } from '../tokens/access-token.ts'
import { formatRefreshToken, type RefreshToken } from '../tokens/refresh-token.ts'
import type { TokenResponse } from './token-request.ts'

/** What a token endpoint answers (RFC 6749 §5.1). */
export function tokenResponse(
  { userId, organizationId }: Pick<Subject, 'userId' | 'organizationId'>,
  { token, jti }: SignedToken,
  refresh: RefreshToken | undefined,
  ttlSeconds: number,
): TokenResponse {
  return {
    access_token: token,
    token_type: 'bearer',
    expires_in: ttlSeconds,
    scope: SCOPE,
    jti,
    sub: userId,
    userId,
    ...(organizationId === null ? {} : { organization: organizationId, organization_id: organizationId }),
    ...(refresh === undefined ? {} : { refresh_token: formatRefreshToken(refresh) }),
  }
}
