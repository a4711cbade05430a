import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type ErrorCode, RollcallError } from '@rollcall/protocol/error-code'
import { errorAnswer, JSON_TYPE } from './error-body.ts'
import { NOSNIFF_LINE } from './nosniff.ts'
import type { HttpServices } from './services.ts'

/**
 * Answers what is not HTTP, or came too slowly, and closes. Node's parser knows no request at this point, so
 * the answer is written by hand.
 */
export function clientErrorHandler(metrics: HttpServices['metrics']): (error: Error, socket: Socket) => void {
  return (error, socket) => {
    const code = codeOf(Reflect.get(error, 'code'))
    if (code === undefined || !socket.writable) {
      socket.destroy()
      return
    }
    metrics.refused('http', code)
    socket.end(answerText(code), () => socket.destroy())
  }
}

/** `undefined`: nobody is there to read an answer, as after a reset or a failed TLS handshake. */
function codeOf(parserCode: unknown): ErrorCode | undefined {
  if (parserCode === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request_timeout'
  if (parserCode === 'HPE_HEADER_OVERFLOW') return 'headers_too_large'
  if (parserCode === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') return 'payload_too_large'
  return typeof parserCode === 'string' && parserCode.startsWith('HPE_') ? 'invalid_request' : undefined
}

function answerText(code: ErrorCode): string {
  const { status, body } = errorAnswer(new RollcallError(code))
  return [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    `content-type: ${JSON_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    NOSNIFF_LINE,
    '',
    body,
  ].join('\r\n')
}
