import type { Clock } from '../../clock/clock.ts'
import type { AuthLog } from '../auth-log.ts'
import type { DirectorySource } from '../directory/directory.ts'
import { type Admission, underAdmission } from '../oauth/admission.ts'
import { asOAuthError, OAuthError } from '../oauth/oauth-error.ts'
import { type Parameters, readParameters, requiredParameter } from '../oauth/parameters.ts'
import type { TokenRequest, TokenResponse } from '../oauth/token-request.ts'
import { tokenResponse } from '../oauth/token-response.ts'
import { codeOf, Visitor, type Witness } from '../oauth/witness.ts'
import { type RevocationOptions, revokeProvidersToken } from '../revocation/revocation.ts'
import type { AccessTokens } from '../tokens/access-token.ts'
import { TokenRefused } from '../tokens/token-form.ts'
import { createProviderFetch } from './bounded-fetch.ts'
import { readBegun, readCameBack } from './oidc-request.ts'
import type { OidcSettings } from './oidc-settings.ts'
import { type Person, personOf } from './person.ts'
import type { Provider } from './provider.ts'
import { Waiting } from './waiting.ts'

/** An identity provider as the sign-in page shows it. */
export type ShownProvider = { readonly name: string }

/** Where the browser goes, and where it comes back to. */
export type SignInPlace = { readonly authorization_url: string; readonly redirect_uri: string }

/** Signing in at an identity provider, for the console (OpenID Connect Core 1.0, code flow with PKCE). */
export interface Oidc {
  /** None where none is configured. */
  providers(): readonly ShownProvider[]
  /** `POST /security/oidc/authorize`. @throws OAuthError */
  authorize(request: TokenRequest): Promise<SignInPlace>
  /** `POST /security/oidc/token`. @throws OAuthError; `access_denied` for whom nobody has let in */
  token(request: TokenRequest): Promise<TokenResponse>
  /** `POST /security/oidc/revoke`: ends a token that came of this. Others are no error. @throws OAuthError */
  revoke(request: TokenRequest): Promise<void>
}

type Options = {
  /** `undefined`: none is configured. */
  readonly settings: OidcSettings | undefined
  readonly provider: Provider | undefined
  readonly directory: Pick<DirectorySource, 'current'>
  readonly accessTokens: Pick<AccessTokens, 'sign'>
  readonly admission: Admission
  readonly witness: Pick<Witness, 'signedIn' | 'failed' | 'tokenRevoked'>
  readonly log: AuthLog
  readonly accessTokenTtlSeconds: number
  /** Of the server, as browsers see it: they come back to its console. */
  readonly issuer: () => string
  /** Ends one token of a provider's, and says whose it was. */
  readonly endToken: (token: string, visitor: Visitor) => Promise<void>
}

type Given = Omit<Options, 'settings' | 'provider' | 'endToken'> & {
  readonly clock: Pick<Clock, 'after' | 'monotonicMs'>
  readonly revocations: RevocationOptions
}

/** Nothing is asked of the provider before somebody signs in. @param settings `undefined`: none is configured */
export function openOidc(settings: OidcSettings | undefined, { clock, revocations, ...given }: Given): Oidc {
  const fetch = createProviderFetch(clock)
  const oidc = createOidc({
    ...given,
    settings,
    provider:
      settings &&
      openedLate(async () => {
        const { openProvider } = await import('./provider.ts')
        return openProvider(settings, { fetch, clock, log: given.log })
      }),
    endToken: (token, visitor) => revokeProvidersToken(revocations, token, visitor),
  })
  return {
    providers: () => oidc.providers(),
    authorize: (request) => asOAuthError(oidc.authorize(request)),
    token: (request) => asOAuthError(oidc.token(request)),
    revoke: (request) => asOAuthError(oidc.revoke(request)),
  }
}

/** Its library is loaded only where somebody signs in by it. */
function openedLate(open: () => Promise<Provider>): Provider {
  let opened: Promise<Provider> | undefined
  const provider = (): Promise<Provider> => {
    opened ??= open()
    return opened
  }
  return {
    authorizationUrl: async (begun) => (await provider()).authorizationUrl(begun),
    claimsOf: async (cameBack) => (await provider()).claimsOf(cameBack),
  }
}

function createOidc(options: Options): Oidc {
  const { admission, witness, issuer } = options
  const waiting = new Waiting()
  /** Has the provider asked, by whoever may, and not by too many at a time. */
  const asking = async <T>(
    request: TokenRequest,
    work: (open: Opened, parameters: Parameters) => Promise<T>,
  ): Promise<T> =>
    underAdmission(admission, request.remoteAddress, async ({ place }) => {
      const open = opened(options)
      const parameters = readParameters(request.parameters)
      return waiting.during(place, () => work(open, parameters))
    })
  const redirectUri = () => `${issuer()}/console/`
  return {
    providers: () => (options.settings === undefined ? [] : [{ name: options.settings.name }]),
    authorize: (request) =>
      asking(request, async ({ provider }, parameters) => {
        const begun = readBegun(parameters, redirectUri())
        return {
          authorization_url: await provider.authorizationUrl(begun),
          redirect_uri: begun.redirectUri,
        }
      }),
    async token(request) {
      const visitor = new Visitor(request.remoteAddress)
      visitor.asks('authorization_code')
      try {
        const response = await asking(request, async (open, parameters) => {
          const claims = await open.provider.claimsOf(readCameBack(parameters, redirectUri()))
          const person = letIn(options, () => personOf(claims, open.settings, options.directory.current()))
          visitor.isAbout(person)
          return signedIn(options, open.settings, person)
        })
        witness.signedIn(visitor.known)
        return response
      } catch (error) {
        witness.failed(visitor.known, codeOf(error))
        throw error
      }
    },
    async revoke(request) {
      const visitor = new Visitor(request.remoteAddress)
      await underAdmission(admission, request.remoteAddress, () => {
        const token = requiredParameter(readParameters(request.parameters), 'token')
        return options.endToken(token, visitor)
      })
      if (visitor.known.user !== undefined) witness.tokenRevoked(visitor.known)
    },
  }
}

type Opened = { readonly settings: OidcSettings; readonly provider: Provider }

function opened({ settings, provider }: Options): Opened {
  if (settings !== undefined && provider !== undefined) return { settings, provider }
  throw new OAuthError('unsupported_grant_type', 'No identity provider is configured here.')
}

async function signedIn(
  { accessTokens, accessTokenTtlSeconds }: Options,
  { issuer, fingerprint }: OidcSettings,
  person: Person,
): Promise<TokenResponse> {
  const subject = {
    ...person,
    clientId: issuer,
    provider: issuer,
    credential: fingerprint,
    isClient: false,
    sessionId: undefined,
  }
  // Without a refresh token: whoever is gone there is gone here when this one ends.
  return tokenResponse(subject, await accessTokens.sign(subject), undefined, accessTokenTtlSeconds)
}

/** Whoever is not let in is told no more than that. */
function letIn({ log }: Options, read: () => Person): Person {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error
    log.warn('somebody has signed in at the identity provider who is not let in here', {
      reason: error.reason,
    })
    throw new OAuthError(
      'access_denied',
      'The identity provider knows you, and this server does not let you in.',
    )
  }
}
