import { writeDigits } from '../wire/digits.ts'
import { EVENT, stampEvent } from './event.ts'
import { targetOf, USER_NUMBER, userId } from './roster.ts'
import type { Work } from './work.ts'

type Options = { readonly authority: string; readonly devices: number; readonly slots: number }

/** The events of `SendEvent`, posted to the channel of a device: Nchan sends on what it gets. */
export class NchanPost implements Work {
  readonly #requests: readonly Buffer[]
  readonly #devices: number
  readonly #userAt: number
  #sequence = 0

  constructor({ authority, devices, slots }: Options) {
    const head = [
      `POST /pub?id=${userId(0)} HTTP/1.1`,
      `Host: ${authority}`,
      'Content-Type: application/json',
      `Content-Length: ${EVENT.length}`,
    ]
    const request = `${head.join('\r\n')}\r\n\r\n${EVENT}`
    this.#requests = Array.from({ length: slots }, () => Buffer.from(request, 'latin1'))
    this.#devices = devices
    this.#userAt = request.indexOf(userId(0)) + USER_NUMBER.at
  }

  next(slot: number): Buffer {
    const request = this.#requests[slot]
    if (request === undefined) throw new RangeError(`no slot ${slot}`)
    const sequence = this.#sequence++
    writeDigits(request, this.#userAt, USER_NUMBER.width, targetOf(sequence, this.#devices))
    stampEvent(request, request.length, sequence, 0)
    return request
  }

  /** 201: somebody has got it; 202: nobody was there. */
  accepts(status: number): boolean {
    return status === 201
  }
}
