import { RollcallError } from '@rollcall/protocol/error-code'
import type { FastifyBodyParser } from 'fastify'
import { parseJsonBody } from '../../delivery/delivery.ts'
import type { App } from '../app-type.ts'
import { isReadableJson } from '../content-type.ts'

/** Reads JSON bodies in this scope, and nothing else: anything but JSON is answered 415. */
export function readJson(app: App): void {
  readBodies(app, parseJsonBody)
}

/** Reads JSON bodies in this scope as the bytes they are. */
export function readRawJson(app: App): void {
  readBodies(app, (body) => body)
}

function readBodies(app: App, parse: (body: Buffer) => unknown): void {
  app.removeAllContentTypeParsers()
  const parser: FastifyBodyParser<Buffer> = (request, body, done) => {
    if (!isReadableJson(request.raw.headers)) done(new RollcallError('unsupported_media_type'), undefined)
    else done(null, parse(body))
  }
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, parser)
}
