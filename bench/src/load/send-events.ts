import { writeDigits } from '../wire/digits.ts'
import { EVENT, stampEvent } from './event.ts'
import { targetOf, USER_NUMBER, userId } from './roster.ts'
import { postRequest, type Work } from './work.ts'

/** What each event is answered with, but for its id. */
const ANSWER_START = Buffer.from('{"count":1,"eventId":"')
const UUID_BYTES = 36
const ANSWER_BYTES = ANSWER_START.length + UUID_BYTES + '"}'.length

type Options = {
  readonly authority: string
  readonly token: string
  readonly qos: 0 | 1
  readonly devices: number
  /** Events in each request. */
  readonly batch: number
  readonly slots: number
}

/** The events of `SendEvent`, many in each request. */
export class SendEvents implements Work {
  readonly batch: number
  readonly #requests: readonly Buffer[]
  readonly #devices: number
  readonly #bodyAt: number
  readonly #commandBytes: number
  readonly #userAt: number
  #sequence = 0

  constructor({ authority, token, qos, devices, batch, slots }: Options) {
    const command = `{"userId":"${userId(0)}","qos":${qos},"event":${EVENT}}`
    const body = `[${Array.from({ length: batch }, () => command)}]`
    const request = postRequest(authority, '/sendEvents', token, body)
    this.batch = batch
    this.#requests = Array.from({ length: slots }, () => Buffer.from(request))
    this.#devices = devices
    this.#bodyAt = request.length - body.length
    this.#commandBytes = command.length
    this.#userAt = command.indexOf(userId(0)) + USER_NUMBER.at
  }

  next(slot: number): Buffer {
    const request = this.#requests[slot]
    if (request === undefined) throw new RangeError(`no slot ${slot}`)
    for (let index = 0; index < this.batch; index++) {
      const sequence = this.#sequence++
      const start = this.#bodyAt + 1 + index * (this.#commandBytes + 1)
      writeDigits(request, start + this.#userAt, USER_NUMBER.width, targetOf(sequence, this.#devices))
      stampEvent(request, start + this.#commandBytes - 1, sequence, 0)
    }
    return request
  }

  /** Answered with the count of endpoints of each: one. */
  accepts(status: number, bytes: Buffer, bodyStart: number, bodyEnd: number): boolean {
    if (status !== 200 || bodyEnd - bodyStart !== 1 + this.batch * (ANSWER_BYTES + 1)) return false
    for (let index = 0; index < this.batch; index++) {
      const start = bodyStart + 1 + index * (ANSWER_BYTES + 1)
      if (ANSWER_START.compare(bytes, start, start + ANSWER_START.length) !== 0) return false
    }
    return true
  }
}
