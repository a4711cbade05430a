/** A kind of request that a sender makes over and over. */
export interface Work {
  /** Operations that one request asks for. Default 1. */
  readonly batch?: number
  /**
   * The next request, whole. Its buffer may be used again for the next one of the same slot, so a slot has
   * one request under way at a time.
   *
   * @param sentAtNs monotonic time, for requests that carry it
   */
  next(slot: number, sentAtNs: number): Buffer
  /** Whether the answer is the right one. */
  accepts(status: number, bytes: Buffer, bodyStart: number, bodyEnd: number): boolean
}

/** Where requests go: each slot has one under way. */
export interface Pool {
  /** Rejects when a connection is lost; never resolves. */
  readonly lost: Promise<never>
  open(slots: number, onAnswer: OnAnswer): Promise<void>
  send(slot: number, request: Buffer): void
  close(): void
}

/** The body of the answer is `bytes[start, end)`. */
export type OnAnswer = (slot: number, status: number, bytes: Buffer, start: number, end: number) => void

/** A POST of JSON, head and body in one. */
export function postRequest(authority: string, path: string, token: string, body: string): Buffer {
  const head = [
    `POST /rtc-api/users/endpoints${path} HTTP/1.1`,
    `Host: ${authority}`,
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1')
}
