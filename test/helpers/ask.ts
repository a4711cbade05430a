import { once } from 'node:events'
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'

export type Answer = { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string }

/** Sends exactly these headers, besides `Host` and what frames the body, and `alice`'s token where none is given. */
export async function ask(
  url: string,
  line: string,
  { body, headers = {} }: { body?: string | Buffer; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const [method, path] = line.split(' ')
  const outgoing = request(url + path, {
    method,
    agent: false,
    headers: { authorization: 'Bearer alice', ...headers },
  })
  outgoing.end(body)
  const [incoming]: IncomingMessage[] = await once(outgoing, 'response')
  if (incoming === undefined) throw new Error('no response')
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  return {
    status: incoming.statusCode ?? 0,
    headers: incoming.headers,
    text: Buffer.concat(chunks).toString('utf8'),
  }
}

/** A POST of JSON. */
export function post(
  url: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return ask(url, `POST ${path}`, { body: text, headers: { 'content-type': 'application/json', ...headers } })
}

/** A bare connection; destroyed at the end of the test. */
export async function dial(test: TestContext, url: string): Promise<Socket> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  // A reset is one way of being closed.
  socket.on('error', () => undefined)
  test.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Everything that comes until the server closes. */
export async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  // Not `once`, which takes a reset for a failure.
  if (!socket.destroyed) await new Promise((resolve) => socket.once('close', resolve))
  return Buffer.concat(chunks).toString('utf8')
}
