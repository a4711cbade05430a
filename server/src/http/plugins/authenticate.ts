import { RollcallError } from '@rollcall/protocol/error-code'
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { mustShowCertificate, type Principal, showsCertificate } from '../../auth/auth.ts'
import type { App } from '../app-type.ts'
import { clientAddress } from '../connections/client-address.ts'
import type { HttpServices } from '../services.ts'
import type { HttpSettings } from '../settings.ts'

type Settings = Pick<HttpSettings, 'backendsShowCertificate'>

declare module 'fastify' {
  interface FastifyRequest {
    /** Who is calling, once `requireToken` let the request pass. */
    principal: Principal | undefined
    /** `auth.revocations()` as of then. */
    admittedAt: number
  }
}

/**
 * Lets only callers with a live bearer token pass, before anything of the body is read. The token comes from
 * the `Authorization` header alone: URLs end up in logs, cookies are sent by any page (RFC 9700 §4.3.2).
 *
 * Synchronous when `auth` is, as it is for a token it has seen: a promise would cost every keepalive.
 */
export function requireToken(
  app: App,
  { auth, limits }: Pick<HttpServices, 'auth' | 'limits'>,
  { backendsShowCertificate }: Settings,
): void {
  app.decorateRequest('principal', undefined)
  app.decorateRequest('admittedAt', 0)
  app.addHook('onRequest', (request, reply, done) => {
    const token = bearerToken(request.raw.headers.authorization)
    if (token === undefined) {
      refuse(reply, undefined, new RollcallError('unauthorized'), done)
      return
    }
    request.admittedAt = auth.revocations()
    let principal: Principal | Promise<Principal>
    try {
      principal = auth.authenticate(token, () => admitStranger(limits, request))
      if (backendsShowCertificate === true) principal = judged(principal, request)
    } catch (thrown) {
      refuse(reply, token, thrown, done)
      return
    }
    if (principal instanceof Promise) admitLater(limits, principal, token, request, reply, done)
    else {
      request.principal = principal
      done()
    }
  })
  refuseRevoked(app, auth)
}

const STREAM = '/rtc-api/users/endpoints/:userEndpointId/events'

/** What keeps people reachable: after a restart every token is unknown, those of keepalives too. */
const NEVER_SHED: ReadonlySet<string | undefined> = new Set([
  '/rtc-api/users/endpoints',
  '/rtc-api/users/endpoints/register',
  '/rtc-api/users/endpoints/keepalive',
  '/rtc-api/users/endpoints/unregister',
  '/rtc-api/events/:eventId/answer',
  `${STREAM}/acknowledge`,
])

/** A token that was never seen has to be checked. */
function admitStranger(
  { work, shedding }: Pick<HttpServices['limits'], 'work' | 'shedding'>,
  request: FastifyRequest,
): string {
  const { url } = request.routeOptions
  const keepsReachable = url === STREAM || (request.method === 'POST' && NEVER_SHED.has(url))
  if (!keepsReachable) shedding.admit('unknown-token')
  return work.admitStranger(addressOf(request))
}

/** A backend's token is worth nothing on a connection without a client certificate. */
async function judged(
  principal: Principal | Promise<Principal>,
  { raw }: FastifyRequest,
): Promise<Principal> {
  const known = await principal
  if (mustShowCertificate(known) && !showsCertificate(raw.socket))
    throw new RollcallError('forbidden', 'A backend needs a client certificate here.')
  return known
}

/**
 * A body may take its time: what was revoked while it came must not act any more. Only then is the token looked
 * at a second time.
 */
function refuseRevoked(app: App, auth: HttpServices['auth']): void {
  app.addHook('preHandler', (request, reply, done) => {
    if (request.admittedAt === auth.revocations()) return done()
    const token = bearerToken(request.raw.headers.authorization)
    if (token !== undefined && auth.isStillGood(token)) return done()
    refuse(reply, token, new RollcallError('unauthorized'), done)
  })
}

/** What a token costs that was checked for nothing, milliseconds of processor time. */
const FORGERY_COST_MS = 0.3

function admitLater(
  limits: Pick<HttpServices['limits'], 'work'>,
  principal: Promise<Principal>,
  token: string,
  request: FastifyRequest,
  reply: FastifyReply,
  done: HookHandlerDoneFunction,
): void {
  principal.then(
    (known) => {
      request.principal = known
      done()
    },
    (thrown: unknown) => {
      limits.work.spendStranger(addressOf(request), FORGERY_COST_MS)
      refuse(reply, token, thrown, done)
    },
  )
}

function addressOf(request: FastifyRequest): string {
  return clientAddress(request.ips ?? [request.ip])
}

const BEARER = 'Bearer '
// The scheme's name is case-insensitive, and there may be more than one space (RFC 9110 §11.4).
const ANY_BEARER = /^bearer +(.+)$/i

/** What follows the scheme, whatever it is: `auth` judges it. */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined
  if (authorization.startsWith(BEARER)) return authorization.slice(BEARER.length).trimStart()
  return ANY_BEARER.exec(authorization)?.[1]
}

/** RFC 6750 §3: no error code where no token was given. */
function refuse(
  reply: FastifyReply,
  token: string | undefined,
  thrown: unknown,
  done: HookHandlerDoneFunction,
): void {
  if (thrown instanceof RollcallError && thrown.code === 'unauthorized')
    reply.header('www-authenticate', bearerChallenge(token !== undefined))
  done(thrown instanceof Error ? thrown : new Error('authentication failed'))
}

export function bearerChallenge(isTokenGiven: boolean): string {
  const error = isTokenGiven ? ', error="invalid_token", error_description="The token is not valid."' : ''
  return `Bearer realm="rollcall"${error}`
}

/** The caller of a request that `requireToken` let pass. */
export function callerOf(request: FastifyRequest): Principal {
  if (request.principal === undefined) throw new Error('this route does not require a token')
  return request.principal
}
