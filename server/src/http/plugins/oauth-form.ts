import type { FastifyReply, FastifyRequest } from 'fastify'
import { OAuthError, type TokenRequest } from '../../auth/auth.ts'
import { limitHeaders, toRollcallError } from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import { clientAddress } from '../connections/client-address.ts'
import type { HttpServices } from '../services.ts'
import type { HttpSettings } from '../settings.ts'
import { type Answer, isGone, logUnexpected, refuse } from './errors.ts'

/** Longest body besides a token, bytes: a few names. */
const FORM_BYTES_MAX = 16_384
const FORM_TYPE = /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i

/**
 * Bodies and refusals of the OAuth2 endpoints: forms instead of JSON, errors by RFC 6749 §5.2, and answers
 * that nobody may keep (§5.1).
 */
export function speakOAuth(
  app: App,
  services: HttpServices,
  { tokenBytesMax }: Pick<HttpSettings, 'tokenBytesMax'>,
): void {
  app.removeAllContentTypeParsers()
  // Whatever its type: existing clients send an empty body with any, and the rest is refused by `formFields`.
  app.addContentTypeParser(
    '*',
    { parseAs: 'buffer', bodyLimit: FORM_BYTES_MAX + tokenBytesMax },
    (_request, body, done) => done(null, body),
  )
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    done()
  })
  app.setErrorHandler((thrown, request, reply) => answerThrown(services, thrown, request, reply))
}

/** What proves something, or names who does. RFC 6749 §2.3.1: not in the URL, where proxies and browsers keep it. */
const CREDENTIALS = ['client_id', 'client_secret', 'username', 'password', 'refresh_token', 'token']

/**
 * The request with its parameters from the URL and from the form, in this order.
 *
 * @throws OAuthError `invalid_request` for a body that is no form, and for credentials in the URL where they are not taken
 */
export function tokenRequest(
  request: FastifyRequest,
  { clientCredentialsInQuery }: Pick<HttpSettings, 'clientCredentialsInQuery'>,
): TokenRequest {
  const url = request.raw.url ?? ''
  const queryStart = url.indexOf('?')
  const query = new URLSearchParams(queryStart < 0 ? '' : url.slice(queryStart + 1))
  if (clientCredentialsInQuery === false && CREDENTIALS.some((name) => query.has(name)))
    throw new OAuthError(
      'invalid_request',
      'Credentials belong into the body or the Authorization header here.',
    )
  return {
    authorization: request.raw.headers.authorization,
    remoteAddress: clientAddress(request.ips ?? [request.ip]),
    parameters: [...query, ...formFields(request)],
  }
}

/** The request with its parameters from the form alone: what is in the URL is not looked at. */
export function formRequest(request: FastifyRequest): TokenRequest {
  return {
    authorization: undefined,
    remoteAddress: clientAddress(request.ips ?? [request.ip]),
    parameters: [...formFields(request)],
  }
}

function formFields({ body, raw }: FastifyRequest): URLSearchParams {
  if (!Buffer.isBuffer(body) || body.length === 0) return new URLSearchParams()
  if (!FORM_TYPE.test(raw.headers['content-type'] ?? ''))
    throw new OAuthError('invalid_request', 'The body must be application/x-www-form-urlencoded.')
  return new URLSearchParams(body.toString('utf8').replace(/^\ufeff/, ''))
}

function answerThrown(
  { log, metrics, clock }: HttpServices,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  if (isGone(request)) {
    reply.hijack()
    return
  }
  const error = thrown instanceof OAuthError ? thrown : undefined
  if (error?.wwwAuthenticate !== undefined) reply.header('www-authenticate', error.wwwAuthenticate)
  const { code, ...answer } = error === undefined ? otherAnswer(thrown) : oauthAnswer(error)
  if (code === 'server_error') logUnexpected(log, thrown, request)
  reply.headers(limitHeaders(error?.cause))
  metrics.refused('http', code)
  refuse(clock, answer, request, reply)
}

type OAuthAnswer = Answer & { readonly code: string }

function oauthAnswer({ code, message, status, retryAfterSeconds }: OAuthError): OAuthAnswer {
  return { code, status, retryAfterSeconds, body: errorBody(code, message) }
}

/** What was not thrown by `auth`, in the same form; `server_error` as in RFC 6749 §4.1.2.1. */
function otherAnswer(thrown: unknown): OAuthAnswer {
  const { error, isUnexpected } = toRollcallError(thrown)
  if (isUnexpected)
    return {
      code: 'server_error',
      status: 500,
      retryAfterSeconds: undefined,
      body: errorBody('server_error', error.message),
    }
  if (error.code === 'payload_too_large')
    return {
      code: error.code,
      status: 413,
      retryAfterSeconds: undefined,
      body: errorBody('invalid_request', error.message),
    }
  return oauthAnswer(
    error.code === 'unavailable'
      ? new OAuthError('temporarily_unavailable', error.message, {
          retryAfterSeconds: error.retryAfterSeconds ?? 1,
        })
      : new OAuthError('invalid_request', error.message),
  )
}

function errorBody(error: string, description: string): string {
  return JSON.stringify({ error, error_description: description })
}
