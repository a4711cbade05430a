import { RollcallError } from '@rollcall/protocol/error-code'
import type { FastifyReply, FastifyRequest, HTTPMethods } from 'fastify'
import { asError } from '../../observe/observe.ts'
import {
  errorAnswer,
  eventHeaders,
  limitHeaders,
  refusalHeaders,
  toRollcallError,
} from '../answers/error-body.ts'
import type { App } from '../app-type.ts'
import type { HttpServices } from '../services.ts'
import { answerAndLinger, isBodyBounded } from './linger.ts'

/** A refusal, ready to be written. */
export type Answer = {
  readonly status: number
  readonly body: string
  readonly retryAfterSeconds: number | undefined
}

type Context = Pick<HttpServices, 'log' | 'metrics' | 'clock'>

/** Every refusal in the one shape: what was thrown, unknown paths, methods that a path does not have. */
export function answerErrors(app: App, context: Context): void {
  app.setErrorHandler((thrown, request, reply) => answerThrown(context, thrown, request, reply))
  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsOf(app, request.url)
    // A page's file may have gone since its route was made.
    const isWrongMethod = allowed.length > 0 && !allowed.includes(request.method)
    if (isWrongMethod) reply.header('allow', allowed.join(', '))
    const code = isWrongMethod ? 'method_not_allowed' : 'not_found'
    answerThrown(context, new RollcallError(code), request, reply)
  })
}

/** Answers with what was thrown; logs it where it was a programmer's error. */
export function answerThrown(
  { log, metrics, clock }: Context,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  if (isGone(request)) {
    reply.hijack()
    return
  }
  const { error, isUnexpected } = toRollcallError(thrown)
  const answer = errorAnswer(error)
  if (isUnexpected) logUnexpected(log, thrown, request)
  reply.headers({ ...limitHeaders(thrown), ...eventHeaders(error) })
  metrics.refused('http', answer.code)
  refuse(clock, answer, request, reply)
}

/** Whether the connection ended inside the body; where that was no HTTP, `clientErrorHandler` has answered. */
export function isGone({ raw }: FastifyRequest): boolean {
  return raw.destroyed && !raw.complete
}

/** The route's pattern, never the URL: that may carry a secret in its query. */
export function logUnexpected(
  log: Context['log'],
  thrown: unknown,
  { id, routeOptions }: { readonly id: string; readonly routeOptions: { readonly url?: string | undefined } },
): void {
  log.error('request failed', { err: asError(thrown), requestId: id, route: routeOptions.url })
}

/** Writes a refusal. The connection stays open unless more of the body may come than anybody would read. */
export function refuse(
  clock: Context['clock'],
  answer: Answer,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  reply.code(answer.status).headers(refusalHeaders(answer, request.id))
  if (isBodyBounded(request.raw)) reply.removeHeader('connection').send(answer.body)
  else answerAndLinger(clock, request.raw, reply, answer.body)
}

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

/** The methods that this path has, for `Allow` (RFC 9110 §15.5.6). */
function methodsOf(app: App, url: string): readonly string[] {
  return METHODS.filter((method) => app.findRoute({ url, method }) !== null)
}
