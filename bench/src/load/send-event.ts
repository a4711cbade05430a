import { writeDigits } from '../wire/digits.ts'
import { EVENT, stampEvent } from './event.ts'
import { targetOf, USER_NUMBER, userId } from './roster.ts'
import { postRequest, type Work } from './work.ts'

const ONE = 0x31

type Options = {
  readonly authority: string
  readonly token: string
  readonly qos: 0 | 1
  readonly devices: number
  /** Whether events carry the moment of their sending. */
  readonly timed: boolean
  readonly slots: number
}

/** Events in sequence, each to one of the devices: a user with one endpoint. */
export class SendEvent implements Work {
  readonly #requests: readonly Buffer[]
  readonly #devices: number
  readonly #userAt: number
  readonly #isTimed: boolean
  #sequence = 0

  constructor({ authority, token, qos, devices, timed, slots }: Options) {
    const body = `{"userId":"${userId(0)}","qos":${qos},"event":${EVENT}}`
    const request = postRequest(authority, '/sendEvent', token, body)
    this.#requests = Array.from({ length: slots }, () => Buffer.from(request))
    this.#devices = devices
    this.#isTimed = timed
    this.#userAt = request.length - body.length + body.indexOf(userId(0)) + USER_NUMBER.at
  }

  next(slot: number, sentAtNs: number): Buffer {
    const request = this.#requests[slot]
    if (request === undefined) throw new RangeError(`no slot ${slot}`)
    const sequence = this.#sequence++
    writeDigits(request, this.#userAt, USER_NUMBER.width, targetOf(sequence, this.#devices))
    stampEvent(request, request.length - 1, sequence, this.#isTimed ? sentAtNs : 0)
    return request
  }

  /** Answered with the count of endpoints: one. */
  accepts(status: number, bytes: Buffer, bodyStart: number, bodyEnd: number): boolean {
    return status === 200 && bodyEnd - bodyStart === 1 && bytes[bodyStart] === ONE
  }
}
