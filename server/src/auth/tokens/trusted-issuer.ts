import type { Principal } from '../principal.ts'
import type { TokenForm } from './token-form.ts'

/** What a genuine token says. */
export type TokenFacts = {
  readonly principal: Principal
  /** `nbf`, 0 where absent; wall-clock milliseconds. */
  readonly notBeforeWallMs: number
  /** When it was issued: ours to the millisecond, others' by `iat`, 0 where absent. Wall clock. */
  readonly issuedAtWallMs: number
  /** For our own tokens: what a revocation names them by. */
  readonly own: OwnToken | undefined
}

export type OwnToken = {
  /** The one token. */
  readonly tokenKey: string
  /** All tokens of its sign-in; `undefined` where it has no refresh token. */
  readonly sessionKey: string | undefined
  /** Names the password or secret that it was given for; `undefined` where earlier versions made it. */
  readonly credential: string | undefined
  /** The identity provider at which its user signed in; `undefined`: here. */
  readonly provider: string | undefined
}

/** Somebody whose tokens are believed: this server, or a configured identity provider. */
export interface TrustedIssuer {
  /** Whether the signature is by one of its keys, and by the algorithm of that key. @throws TokenRefused */
  checkSignature(form: TokenForm): Promise<void>
  /** What the token says, signature and times unchecked. Pure. @throws TokenRefused */
  read(form: TokenForm): TokenFacts
}
