import { connect, type Socket } from 'node:net'
import type { Target } from './target.ts'

/** How often each thing happened to an attacker: answers by status, and whatever else it counts. */
export class Tally {
  readonly #counts = new Map<string, number>()

  count(what: string | number, times = 1): void {
    this.#counts.set(String(what), (this.#counts.get(String(what)) ?? 0) + times)
  }

  toString(): string {
    return [...this.#counts].map(([what, times]) => `${what}: ${times}`).join(', ')
  }
}

/** Runs `work` again and again, `count` at a time, until the signal, and counts what it tells. */
export async function flood(
  count: number,
  signal: AbortSignal,
  work: (index: number) => Promise<string | number>,
): Promise<Tally> {
  const tally = new Tally()
  let next = 0
  const one = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        tally.count(await work(next++))
      } catch (error) {
        tally.count(error instanceof Error ? error.message : String(error))
        await pause(5)
      }
    }
  }
  await Promise.race([Promise.all(Array.from({ length: count }, one)), until(signal)])
  return tally
}

/** The status of one request of the HTTP API, its answer read. */
export async function statusOf(
  target: Target,
  token: string,
  line: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<number> {
  return (await ask(target, token, line, body, headers)).status
}

/** One request of the HTTP API, its answer read. */
async function ask(
  { url }: Target,
  token: string,
  line: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly text: string }> {
  const [method = '', path = ''] = line.split(' ')
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, text: await response.text() }
}

/** A socket that ends with the signal, and whose faults are nobody's business. */
export function openSocket({ port }: Target, signal: AbortSignal, localAddress?: string): Socket {
  const socket = connect({ port, host: '127.0.0.1', ...(localAddress === undefined ? {} : { localAddress }) })
  socket.on('error', () => undefined)
  const end = (): void => void socket.destroy()
  signal.addEventListener('abort', end)
  socket.once('close', () => signal.removeEventListener('abort', end))
  return socket
}

/** The bytes of a request, for those that are sent without waiting for an answer. */
export function requestBytes(method: string, path: string, token: string | undefined, body?: string): Buffer {
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(body === undefined
      ? []
      : ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]),
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body ?? ''}`)
}

/** Writes the same request over and over, `batch` at a time, as fast as the socket takes them, until the signal. */
export async function pipeline(
  target: Target,
  signal: AbortSignal,
  request: Buffer,
  { batch = 50, isRead = true, requestsMax = Number.POSITIVE_INFINITY } = {},
): Promise<Tally> {
  const tally = new Tally()
  const many = Buffer.concat(Array.from({ length: batch }, () => request))
  while (!signal.aborted) {
    const socket = openSocket(target, signal)
    socket.on('data', (chunk) => tally.count('bytes read', chunk.length))
    if (!isRead) socket.pause()
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
    let sent = 0
    const fill = (): void => {
      while (!socket.destroyed && sent < requestsMax) {
        sent += batch
        tally.count('requests', batch)
        if (!socket.write(many)) return
      }
    }
    socket.on('connect', fill)
    socket.on('drain', fill)
    await closed
    tally.count('closed')
    await pause(20)
  }
  return tally
}

/** A token like another one, with a payload of its own that no signature fits. */
export function forgedToken(token: string, name: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.')
  const claims: object = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const forged = Buffer.from(JSON.stringify({ ...claims, jti: name })).toString('base64url')
  return `${header}.${forged}.${signature}`
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Resolves at the signal. */
export function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve())
  })
}
