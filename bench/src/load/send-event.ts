import { writeDigits } from '../wire/digits.ts'
import { EVENT, stampEvent } from './event.ts'
import { ENDPOINT_NUMBER, endpointId, targetOf, USER_NUMBER, userId } from './roster.ts'
import { postRequest, type Work } from './work.ts'

const ZERO = 0x30

type Options = {
  readonly authority: string
  readonly token: string
  readonly qos: 0 | 1
  readonly devices: number
  /** Whether events carry the moment of their sending. */
  readonly timed: boolean
  readonly slots: number
  /** Each to the first endpoint of a user who has so many; absent: to a user who has one. */
  readonly endpointsPerUser?: number | undefined
  /** How many endpoints the user has, where it goes to all of them. Default: 1. */
  readonly mailboxes?: number | undefined
}

/** Events in sequence, each to one of the devices. */
export class SendEvent implements Work {
  readonly #requests: readonly Buffer[]
  readonly #devices: number
  readonly #userAt: number
  /** Where the endpoint's number stands; `undefined`: none is named. */
  readonly #endpointAt: number | undefined
  readonly #endpointsPerUser: number
  readonly #isTimed: boolean
  readonly #answer: number
  #sequence = 0

  constructor({ authority, token, qos, devices, timed, slots, endpointsPerUser, mailboxes = 1 }: Options) {
    const endpoint = endpointsPerUser === undefined ? '' : `"userEndpointId":"${endpointId(0)}",`
    const body = `{"userId":"${userId(0)}",${endpoint}"qos":${qos},"event":${EVENT}}`
    const request = postRequest(authority, '/sendEvent', token, body)
    this.#requests = Array.from({ length: slots }, () => Buffer.from(request))
    this.#devices = devices
    this.#isTimed = timed
    this.#answer = ZERO + mailboxes
    const bodyAt = request.length - body.length
    this.#userAt = bodyAt + body.indexOf(userId(0)) + USER_NUMBER.at
    this.#endpointAt = endpoint === '' ? undefined : bodyAt + body.indexOf(endpointId(0)) + ENDPOINT_NUMBER.at
    this.#endpointsPerUser = endpointsPerUser ?? 1
  }

  next(slot: number, sentAtNs: number): Buffer {
    const request = this.#requests[slot]
    if (request === undefined) throw new RangeError(`no slot ${slot}`)
    const sequence = this.#sequence++
    const device = targetOf(sequence, this.#devices)
    writeDigits(request, this.#userAt, USER_NUMBER.width, device)
    if (this.#endpointAt !== undefined)
      writeDigits(request, this.#endpointAt, ENDPOINT_NUMBER.width, device * this.#endpointsPerUser)
    stampEvent(request, request.length - 1, sequence, this.#isTimed ? sentAtNs : 0)
    return request
  }

  /** Answered with the count of endpoints, one digit. */
  accepts(status: number, bytes: Buffer, bodyStart: number, bodyEnd: number): boolean {
    return status === 200 && bodyEnd - bodyStart === 1 && bytes[bodyStart] === this.#answer
  }
}
