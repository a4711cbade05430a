import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  ClientSecretBasic,
  type Configuration,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
  None,
} from 'openid-client'
import type { Clock } from '../../clock/clock.ts'
import type { AuthLog } from '../auth-log.ts'
import { isTrustworthyUrl } from '../foreign/foreign-issuers.ts'
import type { Claims } from '../tokens/claims.ts'
import { ProviderFault, type ProviderFetch } from './bounded-fetch.ts'
import type { OidcSettings } from './oidc-settings.ts'
import { refusalOf } from './provider-refusal.ts'

/** What was found is asked for anew after so long. */
const KEPT_MS = 600_000
const COOL_DOWN_MS = 5_000
/** The same problem is told once in so long: made-up codes fill no log. */
const QUIET_MS = 60_000
const PROBLEMS_MAX = 100

/** What the page has made up for one sign-in. */
export type Begun = {
  readonly redirectUri: string
  readonly state: string
  readonly nonce: string
  /** RFC 7636, by S256. */
  readonly codeChallenge: string
}

/** What the browser came back with, and what the page had kept. */
export type CameBack = Pick<Begun, 'redirectUri' | 'state' | 'nonce'> & {
  readonly codeVerifier: string
  /** `code`, `state` and `iss` as the provider gave them. */
  readonly parameters: ReadonlyMap<string, string>
}

/** The identity provider, as far as a sign-in needs it. Nothing is kept of one between its two steps. */
export interface Provider {
  /** Where the browser goes to sign in. @throws OAuthError `temporarily_unavailable` */
  authorizationUrl(begun: Begun): Promise<string>
  /**
   * Exchanges a code, and checks the ID token that comes: signature and algorithm, issuer, audience, nonce and times.
   *
   * @throws OAuthError `invalid_grant`, `temporarily_unavailable`
   */
  claimsOf(cameBack: CameBack): Promise<Claims>
}

type Options = {
  readonly fetch: ProviderFetch
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly log: AuthLog
}

export function openProvider(settings: OidcSettings, { fetch, clock, log }: Options): Provider {
  const found = keepFound(() => discover(settings, fetch), clock)
  const tell = tellingOnce(log, clock)
  return {
    authorizationUrl: (begun) =>
      refusing(tell, async () => {
        const url = buildAuthorizationUrl(await found(), {
          redirect_uri: begun.redirectUri,
          scope: settings.scope,
          state: begun.state,
          nonce: begun.nonce,
          code_challenge: begun.codeChallenge,
          code_challenge_method: 'S256',
        })
        // A browser is sent there, so that it must be a place that one can go to.
        if (!isTrustworthyUrl(url.href)) throw new ProviderFault('signs people in at no https address')
        return url.href
      }),
    claimsOf: ({ redirectUri, state, nonce, codeVerifier, parameters }) =>
      refusing(tell, async () => {
        const url = new URL(redirectUri)
        for (const [name, value] of parameters) url.searchParams.set(name, value)
        const checks = { expectedState: state, expectedNonce: nonce, pkceCodeVerifier: codeVerifier }
        const tokens = await authorizationCodeGrant(await found(), url, { ...checks, idTokenExpected: true })
        return new Map(Object.entries(tokens.claims() ?? {}))
      }),
  }
}

async function discover(settings: OidcSettings, fetch: ProviderFetch): Promise<Configuration> {
  const { issuer, clientId, clientSecret, algorithm } = settings
  const url = new URL(issuer)
  const configuration = await discovery(
    url,
    clientId,
    { id_token_signed_response_alg: algorithm },
    clientSecret === undefined ? None() : ClientSecretBasic(clientSecret),
    {
      algorithm: 'oidc',
      [customFetch]: fetch,
      // Where it was configured so; `fetch` lets nothing go to any other plain address.
      execute: [enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [allowInsecureRequests] : [])],
    },
  )
  // The library lets some well-known providers be called otherwise.
  if (configuration.serverMetadata().issuer !== issuer) throw new ProviderFault('calls itself otherwise')
  return configuration
}

/** What is found is kept for a while, and for longer where it cannot be found anew. */
function keepFound(
  find: () => Promise<Configuration>,
  clock: Pick<Clock, 'monotonicMs'>,
): () => Promise<Configuration> {
  let kept: Configuration | undefined
  let finding: Promise<Configuration> | undefined
  let againAtMs = Number.NEGATIVE_INFINITY
  const findOnce = async (): Promise<Configuration> => {
    try {
      kept = await find()
      againAtMs = clock.monotonicMs() + KEPT_MS
      return kept
    } catch (error) {
      againAtMs = clock.monotonicMs() + COOL_DOWN_MS
      if (kept === undefined) throw error
      return kept
    }
  }
  return async () => {
    if (clock.monotonicMs() < againAtMs) {
      if (kept !== undefined) return kept
      throw new ProviderFault('could not be reached a moment ago')
    }
    finding ??= findOnce().finally(() => {
      finding = undefined
    })
    return finding
  }
}

/** Whatever the library throws becomes a refusal, and a line of the log that quotes nothing of what came. */
async function refusing<T>(tell: (problem: string) => void, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { refusal, problem } = refusalOf(error)
    tell(problem)
    throw refusal
  }
}

function tellingOnce(log: AuthLog, clock: Pick<Clock, 'monotonicMs'>): (problem: string) => void {
  const toldAtMs = new Map<string, number>()
  return (problem) => {
    const nowMs = clock.monotonicMs()
    if (nowMs - (toldAtMs.get(problem) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return
    if (toldAtMs.size >= PROBLEMS_MAX) toldAtMs.clear()
    toldAtMs.set(problem, nowMs)
    log.warn('a sign-in at the identity provider did not come about', { problem })
  }
}
