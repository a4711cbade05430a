import { HeadTemplate } from './head-template.ts'
import { FIRST_BYTES, HEAD_BYTES_MAX, readHead } from './request-head.ts'

const HEAD_END = '\r\n\r\n'
const FIRST = Buffer.from(FIRST_BYTES, 'latin1')

/** Finds the head of a request at the beginning of a connection's bytes. */
export class RequestFinder {
  #template: HeadTemplate | undefined

  /** `undefined`: it has not come as a whole; `unknown`: it is not for here. What it found is good until the next call. */
  find(bytes: Buffer): HeadTemplate | 'unknown' | undefined {
    if (this.#template?.matches(bytes) === true) return this.#template
    const end = bytes.indexOf(HEAD_END)
    if (end < 0) return bytes.length <= HEAD_BYTES_MAX && mayBeOurs(bytes) ? undefined : 'unknown'
    if (end > HEAD_BYTES_MAX) return 'unknown'
    const head = readHead(bytes.toString('latin1', 0, end))
    if (head === undefined) return 'unknown'
    const template = new HeadTemplate(head, bytes, end + HEAD_END.length)
    if (!template.matches(bytes)) return 'unknown'
    this.#template = template
    return template
  }
}

/** Whether it may become a request that is known here. */
function mayBeOurs(bytes: Buffer): boolean {
  const length = Math.min(bytes.length, FIRST.length)
  return FIRST.compare(bytes, 0, length, 0, length) === 0
}
