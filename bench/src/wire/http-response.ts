import type { TakeUnit } from './splitter.ts'

/** Handles one answer; its body is `bytes[bodyStart, bodyEnd)`. */
export type OnResponse = (status: number, bytes: Buffer, bodyStart: number, bodyEnd: number) => void

const HEAD_END = Buffer.from('\r\n\r\n')
const STATUS_AT = 'HTTP/1.1 '.length
const ZERO = 0x30

/**
 * Reads answers with a `Content-Length`, or of a status that has no body (RFC 9112 §6.3).
 *
 * @throws Error for a body whose end is marked in any other way
 */
export function takeResponses(onResponse: OnResponse): TakeUnit {
  return (bytes, start, end) => {
    const headEnd = bytes.indexOf(HEAD_END, start)
    // The buffer is used again and again: past `end` are the remains of earlier answers.
    if (headEnd === -1 || headEnd + HEAD_END.length > end) return 0
    const status = statusAt(bytes, start + STATUS_AT)
    const bodyStart = headEnd + HEAD_END.length
    const bodyEnd =
      bodyStart + (hasNoBody(status) ? 0 : contentLength(bytes.toString('latin1', start, headEnd)))
    if (bodyEnd > end) return 0
    onResponse(status, bytes, bodyStart, bodyEnd)
    return bodyEnd - start
  }
}

function statusAt(bytes: Buffer, at: number): number {
  return digitAt(bytes, at) * 100 + digitAt(bytes, at + 1) * 10 + digitAt(bytes, at + 2)
}

function digitAt(bytes: Buffer, at: number): number {
  return (bytes[at] ?? ZERO) - ZERO
}

function hasNoBody(status: number): boolean {
  return status === 204 || status === 304 || status < 200
}

function contentLength(head: string): number {
  const [, digits] = /\r\ncontent-length: *(\d+)/i.exec(head) ?? []
  if (digits === undefined) throw new Error('an answer without Content-Length')
  return Number(digits)
}
