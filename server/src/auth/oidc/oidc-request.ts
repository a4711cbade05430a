import { OAuthError } from '../oauth/oauth-error.ts'
import { type Parameters, requiredParameter } from '../oauth/parameters.ts'
import type { Begun, CameBack } from './provider.ts'

/** Made by the page from 16 bytes and more. */
const RANDOM = /^[A-Za-z0-9_-]{22,128}$/
/** RFC 7636 §4.1 and §4.2. */
const VERIFIER = /^[A-Za-z0-9._~-]{43,128}$/
const CHALLENGE = /^[A-Za-z0-9_-]{43}$/
/** Whatever the provider makes. */
const CODE = /^[!-~]{1,4096}$/
const ISSUER = /^[!-~]{1,512}$/

/** @throws OAuthError `invalid_request` */
export function readBegun(parameters: Parameters, redirectUri: string): Begun {
  return {
    redirectUri,
    state: thatIs(RANDOM, parameters, 'state'),
    nonce: thatIs(RANDOM, parameters, 'nonce'),
    codeChallenge: thatIs(CHALLENGE, parameters, 'code_challenge'),
  }
}

/** @throws OAuthError `invalid_request` */
export function readCameBack(parameters: Parameters, redirectUri: string): CameBack {
  const state = thatIs(RANDOM, parameters, 'state')
  const given = new Map([
    ['code', thatIs(CODE, parameters, 'code')],
    ['state', state],
  ])
  // RFC 9207: looked at where the provider says that it is always there, and wherever it is.
  if (parameters.has('iss')) given.set('iss', thatIs(ISSUER, parameters, 'iss'))
  return {
    redirectUri,
    state,
    nonce: thatIs(RANDOM, parameters, 'nonce'),
    codeVerifier: thatIs(VERIFIER, parameters, 'code_verifier'),
    parameters: given,
  }
}

function thatIs(form: RegExp, parameters: Parameters, name: string): string {
  const value = requiredParameter(parameters, name)
  if (!form.test(value)) throw new OAuthError('invalid_request', `The parameter ${name} has a wrong form.`)
  return value
}
