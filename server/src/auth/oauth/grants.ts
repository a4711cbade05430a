import type { Random } from '../../clock/clock.ts'
import {
  type DirectorySource,
  GRANTS,
  type Grant,
  type OAuthClient,
  type User,
} from '../directory/directory.ts'
import type { AccessTokens, SignedToken, Subject } from '../tokens/access-token.ts'
import { invalidRefreshToken, type RefreshFamilies } from '../tokens/refresh-families.ts'
import {
  newRefreshToken,
  parseRefreshToken,
  type RefreshToken,
  sessionIdOf,
} from '../tokens/refresh-token.ts'
import { credentialOf, stillRests } from '../tokens/sign-in-basis.ts'
import { type Admission, underAdmission, type Visit } from './admission.ts'
import type { AuthenticateClient } from './client-authentication.ts'
import type { LockOuts } from './lock-outs.ts'
import { OAuthError } from './oauth-error.ts'
import { type Parameters, readParameters, requiredParameter } from './parameters.ts'
import { type CheckPassword, maySignIn } from './password-check.ts'
import type { TokenRequest, TokenResponse } from './token-request.ts'
import { tokenResponse } from './token-response.ts'
import { codeOf, Visitor, type Witness } from './witness.ts'

type Options = {
  readonly directory: Pick<DirectorySource, 'current'>
  readonly families: RefreshFamilies
  readonly accessTokens: Pick<AccessTokens, 'sign'>
  readonly authenticateClient: AuthenticateClient
  readonly checkPassword: CheckPassword
  readonly admission: Admission
  readonly lockOuts: Pick<LockOuts, 'look'>
  readonly witness: Pick<Witness, 'signedIn' | 'failed'>
  readonly random: Random
  readonly accessTokenTtlSeconds: number
}

/** One request, as far as it has come. */
type Asked = {
  readonly options: Options
  readonly parameters: Parameters
  readonly visit: Visit
  readonly visitor: Visitor
}

/** By a client that has shown who it is; `undefined`: a public one, which has nothing to show. */
type ByClient = Asked & { readonly secretHash: string | undefined }

/** The token endpoint. @throws OAuthError */
export function createGrants(options: Options): (request: TokenRequest) => Promise<TokenResponse> {
  const { admission, witness } = options
  return async (request) => {
    const visitor = new Visitor(request.remoteAddress)
    try {
      const response = await underAdmission(admission, request.remoteAddress, (visit) => {
        const parameters = readParameters(request.parameters)
        return grantTo({ options, parameters, visit, visitor }, request.authorization)
      })
      witness.signedIn(visitor.known)
      return response
    } catch (error) {
      witness.failed(visitor.known, codeOf(error))
      throw error
    }
  }
}

/** Nothing but the address pays until the client is known, and may ask for what it asks. */
async function grantTo(asked: Asked, authorization: string | undefined): Promise<TokenResponse> {
  const { options, parameters, visit, visitor } = asked
  const requested = requiredParameter(parameters, 'grant_type')
  visitor.saysItIs(authorization, parameters, options.directory.current())
  const { client, secretHash } = await options.authenticateClient(authorization, parameters, visit.place)
  const grant = GRANTS.find((known) => known === requested)
  if (grant === undefined) throw new OAuthError('unsupported_grant_type', 'This grant type is not supported.')
  visitor.asks(grant)
  if (!client.grants.has(grant))
    throw new OAuthError('unauthorized_client', 'The client may not use this grant type.')
  const isPublic = client.secretHashes.length === 0
  visit.holds(options.admission.identified({ id: client.id, isPublic }))
  const { subject, signed, refresh } = await carryOut(grant, { ...asked, secretHash }, client)
  visitor.isAbout(subject)
  return tokenResponse(subject, signed, refresh, options.accessTokenTtlSeconds)
}

type Granted = {
  readonly subject: Subject
  readonly signed: SignedToken
  readonly refresh: RefreshToken | undefined
}

function carryOut(grant: Grant, asked: ByClient, client: OAuthClient): Promise<Granted> {
  switch (grant) {
    case 'client_credentials':
      return grantToClient(asked, client)
    case 'password':
      return grantByPassword(asked, client)
    case 'refresh_token':
      return grantByRefreshToken(asked, client)
  }
}

/** RFC 6749 §4.4: the client is the user whose id is the client's, and gets no refresh token. */
async function grantToClient({ options, secretHash }: ByClient, client: OAuthClient): Promise<Granted> {
  const { id, organizationId, authorities } = client
  const subject = {
    userId: id,
    clientId: id,
    organizationId,
    authorities,
    // Of the secret that it has shown: the other one may go while this token lives.
    credential: credentialOf(secretHash),
    isClient: true,
    sessionId: undefined,
  }
  return { subject, signed: await options.accessTokens.sign(subject), refresh: undefined }
}

/** RFC 6749 §4.3. */
async function grantByPassword(asked: Asked, client: OAuthClient): Promise<Granted> {
  const { options } = asked
  const user = await userByPassword(asked, client)
  const refresh = client.grants.has('refresh_token') ? newRefreshToken(options.random) : undefined
  const subject = subjectOf(user, client, refresh)
  const signed = await options.accessTokens.sign(subject)
  if (refresh !== undefined) await options.families.start(user, client, refresh)
  return { subject, signed, refresh }
}

async function userByPassword(asked: Asked, client: OAuthClient): Promise<User> {
  const { options, parameters, visit, visitor } = asked
  const username = requiredParameter(parameters, 'username')
  const password = requiredParameter(parameters, 'password')
  const named = options.directory.current().usersByName.get(username)
  if (named !== undefined) visitor.isAboutUser(named)
  try {
    visit.holds(options.admission.tried(username))
    return await options.checkPassword(username, password, client, visit.place)
  } catch (error) {
    options.lockOuts.look(username, visitor)
    throw error
  }
}

/** RFC 6749 §6. */
async function grantByRefreshToken(asked: Asked, client: OAuthClient): Promise<Granted> {
  const { options, parameters, visitor } = asked
  const { families, directory, accessTokens } = options
  const presented = parseRefreshToken(requiredParameter(parameters, 'refresh_token'))
  if (presented === undefined) throw invalidRefreshToken()
  const family = await families.find(presented)
  if (family?.clientId !== client.id) throw invalidRefreshToken()
  const user = directory.current().users.get(family.userId)
  if (user !== undefined) visitor.isAboutUser(user)
  // Of the password grant, as every sign-in is.
  if (!maySignIn(user, client) || !client.grants.has('password') || !stillRests(family.basis, user)) {
    // Ended, not only refused: the id may be given to somebody else one day, and what is gone may come back.
    await families.end(family)
    throw invalidRefreshToken()
  }
  const subject = subjectOf(user, client, presented)
  // Signed first: once the presented token is used up, nothing may keep the answer from going out.
  const signed = await accessTokens.sign(subject)
  return { subject, signed, refresh: await families.rotate(presented, user) }
}

function subjectOf(user: User, client: OAuthClient, refresh: RefreshToken | undefined): Subject {
  return {
    userId: user.id,
    clientId: client.id,
    organizationId: user.organizationId,
    authorities: user.authorities,
    credential: credentialOf(user.passwordHash),
    isClient: false,
    sessionId: refresh === undefined ? undefined : sessionIdOf(refresh.familyId),
  }
}
