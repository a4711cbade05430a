import { endpointTopic } from '@rollcall/protocol/topic'
import { writeDigits } from '../wire/digits.ts'
import { publishPacket } from '../wire/mqtt-packets.ts'
import { EVENT, stampEvent } from './event.ts'
import { ENDPOINT_NUMBER, endpointId, targetOf } from './roster.ts'
import type { Work } from './work.ts'

const PACKET_ID = 1

/** The events of `SendEvent`, published at QoS 1 to the topic that a device has subscribed, as to any broker. */
export class TopicPublish implements Work {
  readonly #requests: readonly Buffer[]
  readonly #devices: number
  readonly #numberAt: number
  #sequence = 0

  constructor({ devices, slots }: { readonly devices: number; readonly slots: number }) {
    const topic = Buffer.from(endpointTopic(endpointId(0)))
    const request = publishPacket(topic, Buffer.from(EVENT), PACKET_ID)
    this.#requests = Array.from({ length: slots }, () => Buffer.from(request))
    this.#devices = devices
    this.#numberAt = request.indexOf(endpointId(0)) + ENDPOINT_NUMBER.at
  }

  next(slot: number): Buffer {
    const request = this.#requests[slot]
    if (request === undefined) throw new RangeError(`no slot ${slot}`)
    const sequence = this.#sequence++
    writeDigits(request, this.#numberAt, ENDPOINT_NUMBER.width, targetOf(sequence, this.#devices))
    stampEvent(request, request.length, sequence, 0)
    return request
  }

  accepts(status: number): boolean {
    return status === 0
  }
}
