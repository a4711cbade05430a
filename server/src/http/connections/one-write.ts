import type { OutgoingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { AnswerGate } from './answer-gate.ts'

/**
 * Answers 200 with a short body in one write to the socket: worth a tenth of all that sendEvent can do.
 *
 * `end(body)` makes Node write two pieces, headers with body and an empty last one, by its slow way for
 * several. `write(body)` joins them into one string, and an `end` that comes after it has left the process
 * has nothing more to write. The content length must be there, or Node would send chunks.
 *
 * @param headers besides those that hooks have set on the response itself; what they set on the reply is left out
 */
export function sendInOneWrite(
  gate: AnswerGate,
  reply: FastifyReply,
  headers: OutgoingHttpHeaders,
  body: string,
): void {
  headers['content-length'] = Buffer.byteLength(body)
  const response = reply.hijack().raw
  response.writeHead(200, headers)
  response.write(body)
  gate.endAfterwards(response)
}
