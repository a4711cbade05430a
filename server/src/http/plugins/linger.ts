import type { IncomingMessage } from 'node:http'
import { BODY_BYTES_MAX } from '@rollcall/protocol/limits'
import type { FastifyReply } from 'fastify'
import type { Clock } from '../../clock/clock.ts'

/** How long, and how many bytes of, a body is read and thrown away after its request was refused. */
const LINGER_MS = 1_000
const LINGER_BYTES = 1_048_576

/** Whether the rest of the request's body, if any, is known to be small enough to be read over. */
export function isBodyBounded(request: IncomingMessage): boolean {
  if (request.complete) return true
  const { 'content-length': declared, 'transfer-encoding': coding } = request.headers
  return coding === undefined && (declared === undefined || Number(declared) <= BODY_BYTES_MAX)
}

/**
 * Answers at once and closes the connection, a moment later where the body is still arriving: the kernel
 * would meet bytes that come after a close with a reset, and that destroys the answer before the client has
 * read it (RFC 9112 §9.6).
 */
export function answerAndLinger(
  clock: Clock,
  request: IncomingMessage,
  reply: FastifyReply,
  body: string,
): void {
  reply.header('connection', 'close').header('content-length', Buffer.byteLength(body)).hijack()
  const response = reply.raw
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) response.setHeader(name, value)
  response.write(body)

  let room = LINGER_BYTES
  const timer = clock.after(LINGER_MS, end)
  function end(): void {
    timer.cancel()
    response.end()
  }
  request.on('data', (chunk: Buffer) => {
    room -= chunk.length
    if (room < 0) end()
  })
  request.once('end', end)
  request.once('close', end)
}
