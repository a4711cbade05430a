import type { IncomingHttpHeaders } from 'node:http'
import { RollcallError } from '@rollcall/protocol/error-code'
import type { FastifyBodyParser, FastifyRequest } from 'fastify'
import { type Limits, turnOf } from '../../limits/limits.ts'
import { parseJsonBody } from '../../parse/parse.ts'
import type { App } from '../app-type.ts'
import { isReadableJson, isReadableLines } from '../bodies/body.ts'
import { callerOf } from './authenticate.ts'

/** What is larger takes milliseconds to be read as JSON; bytes. The fast lane takes nothing larger. */
const LARGE_BYTES = 32_768

/**
 * Reads JSON bodies in this scope, and nothing else: anything but JSON is answered 415. Large ones are read in their
 * caller's turn, whatever comes of them: so many come in one turn of the event loop as somebody has connections.
 */
export function readJson(app: App, limits: Pick<Limits, 'turns'>): void {
  readBodies(app, parseJsonBody, limits)
}

/** Reads JSON bodies in this scope as the bytes they are; from there on large ones have their caller's turn too. */
export function readRawJson(app: App, limits: Pick<Limits, 'turns'>): void {
  readBodies(app, (body) => body, limits)
}

/** Reads bodies of bulk requests in this scope as the bytes they are: JSON, or lines of JSON. */
export function readRawBulk(app: App): void {
  // They are read in slices.
  readBodies(app, (body) => body)
  addParser(app, 'application/x-ndjson', isReadableLines, (body) => body)
}

function readBodies(app: App, parse: (body: Buffer) => unknown, limits?: Pick<Limits, 'turns'>): void {
  app.removeAllContentTypeParsers()
  addParser(app, 'application/json', isReadableJson, parse, limits)
  refuseOthers(app)
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether a route does without the body that its schema describes. */
    readonly isBodyOptional?: boolean
  }
}

/** For the options of such a route. */
export const BODY_OPTIONAL = { isBodyOptional: true } as const

/**
 * Where no body is needed, a request that says what type its body has and then has none is as good as one that says
 * nothing: many clients send the header with every POST and DELETE. Where the length shows it, the header is taken
 * away before anybody reads it; in chunks it shows only once they are read.
 */
export function ignoreTypesOfNothing(app: App): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { headers } = request.raw
    if (headers['content-type'] !== undefined && isEmpty(headers) && !needsBody(request))
      delete headers['content-type']
    done()
  })
}

function isEmpty({ 'content-length': length, 'transfer-encoding': coding }: IncomingHttpHeaders): boolean {
  return coding === undefined && (length === undefined || Number(length) === 0)
}

function needsBody({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.schema?.body !== undefined && routeOptions.config.isBodyOptional !== true
}

/** Any other type: refused, unless nothing comes where nothing is needed. */
function refuseOthers(app: App): void {
  app.addContentTypeParser('*', (request, payload, done) => {
    const refused = new RollcallError('unsupported_media_type')
    if (request.raw.headers['transfer-encoding'] === undefined || needsBody(request))
      return done(refused, undefined)
    const read = (): void => answer(refused)
    const end = (): void => answer(null)
    function answer(error: Error | null): void {
      payload.removeListener('data', read).removeListener('end', end)
      done(error, undefined)
    }
    payload.on('data', read).on('end', end)
  })
}

function addParser(
  app: App,
  type: string,
  isReadable: (headers: IncomingHttpHeaders) => boolean,
  parse: (body: Buffer) => unknown,
  limits?: Pick<Limits, 'turns'>,
): void {
  const parser: FastifyBodyParser<Buffer> = (request, body, done) => {
    if (body.length === 0 && !needsBody(request)) done(null, undefined)
    else if (!isReadable(request.raw.headers)) done(new RollcallError('unsupported_media_type'), undefined)
    else if (limits === undefined || body.length <= LARGE_BYTES) done(null, parse(body))
    else parseInTurn(limits, request, () => parse(body)).then((value) => done(null, value), done)
  }
  app.addContentTypeParser(type, { parseAs: 'buffer' }, parser)
}

async function parseInTurn(
  { turns }: Pick<Limits, 'turns'>,
  request: FastifyRequest,
  parse: () => unknown,
): Promise<unknown> {
  await turns.next(turnOf(callerOf(request)))
  return parse()
}
