import { STATUS_CODES } from 'node:http'
import type { Clock } from '../../clock/clock.ts'
import type { AllowedOrigins } from '../../config/config.ts'
import { originHeaders } from '../answers/cross-origin.ts'
import { NOSNIFF_LINE } from '../answers/nosniff.ts'

/** An answer without what all answers have. */
export type LaneAnswer = {
  readonly status: number
  /** Lines of the head, each with its end. */
  readonly lines: string
  readonly body: string
  /** What has other characters than ASCII's is encoded at more cost. */
  readonly isAscii: boolean
}

/** Writes answers as Node's HTTP server writes them, to the byte. */
export class LaneAnswers {
  readonly #clock: Pick<Clock, 'wallMs'>
  readonly #everyLines: string
  readonly #keepAliveLines: string
  #second = Number.NaN
  #dateLine = ''

  constructor(clock: Pick<Clock, 'wallMs'>, origins: AllowedOrigins, idleSeconds: number) {
    this.#clock = clock
    // Requests of pages take the other way: none has an origin.
    this.#everyLines = `${linesOf(originHeaders(origins, undefined))}${NOSNIFF_LINE}\r\n`
    this.#keepAliveLines = `Connection: keep-alive\r\nKeep-Alive: timeout=${idleSeconds}\r\n\r\n`
  }

  /**
   * Refusals leave out that the connection stays, as elsewhere: HTTP/1.1 has it so.
   *
   * @param isLast whether the connection closes with it
   */
  text({ status, lines, body }: LaneAnswer, isLast: boolean): string {
    const end = isLast ? 'Connection: close\r\n\r\n' : status < 400 ? this.#keepAliveLines : '\r\n'
    return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines}${this.#everyLines}${this.#date()}${end}${body}`
  }

  #date(): string {
    const second = Math.floor(this.#clock.wallMs() / 1000)
    if (second !== this.#second) {
      this.#second = second
      this.#dateLine = `Date: ${new Date(second * 1000).toUTCString()}\r\n`
    }
    return this.#dateLine
  }
}

/** Lines of a head. */
export function linesOf(headers: { readonly [name: string]: string }): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')
}
