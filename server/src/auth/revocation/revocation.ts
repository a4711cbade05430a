import type { WallBounds } from '../../clock/clock.ts'
import type { DirectorySource, OAuthClient } from '../directory/directory.ts'
import { type Admission, underAdmission, type Visit } from '../oauth/admission.ts'
import type { AuthenticateClient } from '../oauth/client-authentication.ts'
import { OAuthError } from '../oauth/oauth-error.ts'
import { readParameters, requiredParameter } from '../oauth/parameters.ts'
import type { TokenRequest } from '../oauth/token-request.ts'
import { codeOf, Visitor, type Witness } from '../oauth/witness.ts'
import type { AccessTokens } from '../tokens/access-token.ts'
import type { RefreshFamilies } from '../tokens/refresh-families.ts'
import { parseRefreshToken, type RefreshToken } from '../tokens/refresh-token.ts'
import { parseToken, TokenRefused } from '../tokens/token-form.ts'
import type { OwnToken, TokenFacts } from '../tokens/trusted-issuer.ts'
import type { RevocationNotices } from './revocation-notices.ts'
import type { RevokedTokens } from './revoked-tokens.ts'
import { NO_ORGANIZATION } from './revoked-users.ts'

export type RevocationOptions = {
  readonly families: Pick<RefreshFamilies, 'find' | 'end'>
  readonly revoked: Pick<RevokedTokens, 'add'>
  readonly accessTokens: Pick<AccessTokens, 'read' | 'checkSignature'>
  readonly authenticateClient: AuthenticateClient
  readonly admission: Admission
  readonly witness: Pick<Witness, 'failed' | 'tokenRevoked'>
  readonly directory: Pick<DirectorySource, 'current'>
  readonly notices: Pick<RevocationNotices, 'announceUser'>
  readonly issuer: () => string
  readonly wall: Pick<WallBounds, 'earliestMs'>
  readonly staleConnectSecondsMax: number
  readonly tokenBytesMax: number
}

/**
 * The revocation endpoint (RFC 7009). A refresh token takes its whole sign-in with it; an access token goes
 * alone, and is remembered for as long as it could still open a connection. The hint is not needed: the two
 * kinds cannot be mistaken.
 */
export function createRevocation(options: RevocationOptions): (request: TokenRequest) => Promise<void> {
  const { admission, witness } = options
  return async (request) => {
    const visitor = new Visitor(request.remoteAddress)
    try {
      await underAdmission(admission, request.remoteAddress, (visit) =>
        revoke(options, request, visit, visitor),
      )
    } catch (error) {
      witness.failed(visitor.known, codeOf(error))
      throw error
    }
    // A token that was none of ours, or not any more, has ended nothing.
    if (visitor.known.user !== undefined) witness.tokenRevoked(visitor.known)
  }
}

async function revoke(
  options: RevocationOptions,
  request: TokenRequest,
  visit: Visit,
  visitor: Visitor,
): Promise<void> {
  const { admission, authenticateClient, directory } = options
  const parameters = readParameters(request.parameters)
  visitor.saysItIs(request.authorization, parameters, directory.current())
  const { client } = await authenticateClient(request.authorization, parameters, visit.place)
  visit.holds(admission.identified({ id: client.id, isPublic: client.secretHashes.length === 0 }))
  const token = requiredParameter(parameters, 'token')
  const refresh = parseRefreshToken(token)
  if (refresh === undefined) await revokeAccessToken(options, client, token, visitor)
  else await revokeFamily(options, client, refresh, visitor)
}

/** The secret is not asked for: a used token ends its family just the same. */
async function revokeFamily(
  { families, directory }: RevocationOptions,
  client: OAuthClient,
  presented: RefreshToken,
  visitor: Visitor,
): Promise<void> {
  const family = await families.find(presented)
  // RFC 7009 §2.2: what is not valid any more is no error, its purpose is achieved.
  if (family === undefined) return
  if (family.clientId !== client.id) throw notYours()
  const { userId } = family
  visitor.isAbout({ organizationId: directory.current().users.get(userId)?.organizationId ?? null, userId })
  await families.end(family)
}

async function revokeAccessToken(
  options: RevocationOptions,
  client: OAuthClient,
  token: string,
  visitor: Visitor,
): Promise<void> {
  const facts = await ownFacts(options, token)
  if (facts?.own === undefined) return
  if (facts.principal.clientId !== client.id) throw notYours()
  await endToken(options, facts.principal, facts.own, visitor)
}

/**
 * Ends a token that came of a sign-in at an identity provider, for whoever has it: there is no client that could show
 * anything besides. Anything else is left alone.
 */
export async function revokeProvidersToken(
  options: RevocationOptions,
  token: string,
  visitor: Visitor,
): Promise<void> {
  const facts = await ownFacts(options, token)
  if (facts?.own?.provider !== undefined) await endToken(options, facts.principal, facts.own, visitor)
}

async function endToken(
  { revoked, notices, wall, staleConnectSecondsMax }: RevocationOptions,
  principal: TokenFacts['principal'],
  own: OwnToken,
  visitor: Visitor,
): Promise<void> {
  const untilWallMs = principal.expiresAtWallMs + staleConnectSecondsMax * 1000
  if (untilWallMs <= wall.earliestMs()) return
  visitor.isAbout(principal)
  const { organizationId, userId } = principal
  const owner = { organizationId: organizationId ?? NO_ORGANIZATION, userId }
  const refusing = revoked.add(owner, own.tokenKey, untilWallMs)
  await Promise.all([refusing, notices.announceUser(userId)])
}

/** What one of our tokens says, expired or not; `undefined` for anything else. */
async function ownFacts(
  { accessTokens, issuer, tokenBytesMax }: RevocationOptions,
  token: string,
): Promise<TokenFacts | undefined> {
  try {
    const form = parseToken(token, tokenBytesMax)
    if (form.claims.get('iss') !== issuer()) return undefined
    await accessTokens.checkSignature(form)
    return accessTokens.read(form)
  } catch (error) {
    if (error instanceof TokenRefused) return undefined
    throw error
  }
}

/** RFC 7009 §2.1: refused, and the client is told. */
function notYours(): OAuthError {
  return new OAuthError('invalid_grant', 'The token was not issued to this client.')
}
