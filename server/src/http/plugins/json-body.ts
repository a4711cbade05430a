import type { IncomingHttpHeaders } from 'node:http'
import { RollcallError } from '@rollcall/protocol/error-code'
import type { FastifyBodyParser } from 'fastify'
import { parseJsonBody } from '../../delivery/delivery.ts'
import type { App } from '../app-type.ts'
import { isReadableJson, isReadableLines } from '../content-type.ts'

/** Reads JSON bodies in this scope, and nothing else: anything but JSON is answered 415. */
export function readJson(app: App): void {
  readBodies(app, parseJsonBody)
}

/** Reads JSON bodies in this scope as the bytes they are. */
export function readRawJson(app: App): void {
  readBodies(app, (body) => body)
}

/** Reads bodies of bulk requests in this scope as the bytes they are: JSON, or lines of JSON. */
export function readRawBulk(app: App): void {
  readBodies(app, (body) => body)
  addParser(app, 'application/x-ndjson', isReadableLines, (body) => body)
}

function readBodies(app: App, parse: (body: Buffer) => unknown): void {
  app.removeAllContentTypeParsers()
  addParser(app, 'application/json', isReadableJson, parse)
}

function addParser(
  app: App,
  type: string,
  isReadable: (headers: IncomingHttpHeaders) => boolean,
  parse: (body: Buffer) => unknown,
): void {
  const parser: FastifyBodyParser<Buffer> = (request, body, done) => {
    if (!isReadable(request.raw.headers)) done(new RollcallError('unsupported_media_type'), undefined)
    else done(null, parse(body))
  }
  app.addContentTypeParser(type, { parseAs: 'buffer' }, parser)
}
