import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type ErrorCode, RollcallError } from '@rollcall/protocol/error-code'
import type { AllowedOrigins } from '../../config/config.ts'
import type { HttpServices } from '../services.ts'
import { originHeaders } from './cross-origin.ts'
import { errorAnswer, JSON_TYPE } from './error-body.ts'
import { NOSNIFF_LINE } from './nosniff.ts'

/**
 * Answers what is not HTTP, or came too slowly, and closes. Node's parser knows no request at this point, so
 * the answer is written by hand.
 *
 * @param originOf the origin of the last request on this connection that could be read
 */
export function clientErrorHandler(
  metrics: HttpServices['metrics'],
  allowed: AllowedOrigins,
  originOf: (socket: Socket) => string | undefined,
): (error: Error, socket: Socket) => void {
  return (error, socket) => {
    const code = codeOf(Reflect.get(error, 'code'))
    if (code === undefined || !socket.writable) {
      socket.destroy()
      return
    }
    metrics.refused('http', code)
    const origin = originIn(Reflect.get(error, 'rawPacket')) ?? originOf(socket)
    socket.end(answerText(code, originHeaders(allowed, origin)), () => socket.destroy())
  }
}

/** `undefined`: nobody is there to read an answer, as after a reset or a failed TLS handshake. */
function codeOf(parserCode: unknown): ErrorCode | undefined {
  if (parserCode === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout'
  if (parserCode === 'HPE_HEADER_OVERFLOW') return 'headers_too_large'
  if (parserCode === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 'payload_too_large'
  return typeof parserCode === 'string' && parserCode.startsWith('HPE_') ? 'invalid_request' : undefined
}

/** The `Origin` in what the parser was reading, which may be anything and any part of a request. */
function originIn(packet: unknown): string | undefined {
  if (!Buffer.isBuffer(packet)) return undefined
  return /\r\norigin:[ \t]*([\x21-\x7e]+)[ \t]*\r\n/i.exec(packet.toString('latin1'))?.[1]
}

function answerText(code: ErrorCode, headers: { readonly [name: string]: string }): string {
  const { status, body } = errorAnswer(new RollcallError(code))
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${JSON_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    NOSNIFF_LINE,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '',
    body,
  ].join('\r\n')
}
