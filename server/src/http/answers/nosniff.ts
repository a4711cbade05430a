import { type OutgoingHttpHeader, type OutgoingHttpHeaders, ServerResponse } from 'node:http'

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[]

const NAME = 'x-content-type-options'
const VALUE = 'nosniff'

/** The same as a line, for answers that are written by hand. */
export const NOSNIFF_LINE = `${NAME}: ${VALUE}`

/**
 * An answer that no browser takes for anything but its content type. Here and not in a hook, because this is
 * where every answer comes by: those of routes and plugins, those that were taken out of the framework's hands, and
 * Node's own, such as to a request without `Host`.
 */
export class NosniffResponse extends ServerResponse {
  override writeHead(statusCode: number, reason?: string | Headers, headers?: Headers): this {
    const isReason = typeof reason === 'string'
    const all = withNosniff(isReason ? headers : reason)
    return isReason ? super.writeHead(statusCode, reason, all) : super.writeHead(statusCode, all)
  }
}

function withNosniff(headers: Headers = {}): Headers {
  if (Array.isArray(headers)) return [...headers, NAME, VALUE]
  headers[NAME] = VALUE
  return headers
}
