import { EVENTS_TOPIC } from '@rollcall/protocol/topic'
import { writeDigits } from '../wire/digits.ts'
import { pingreqPacket, publishPacket } from '../wire/mqtt-packets.ts'
import { EVENT, stampEvent } from './event.ts'
import { targetOf, USER_NUMBER, userId } from './roster.ts'
import type { Work } from './work.ts'

type Options = {
  /** Of the events, and of the packets that carry them. */
  readonly qos: 0 | 1
  readonly devices: number
  /** Packets written at once. */
  readonly batch: number
  readonly slots: number
}

/** The events of `SendEvent`, published: at QoS 0 a PINGREQ follows, whose answer says that they were taken. */
export class Publish implements Work {
  readonly batch: number
  readonly #requests: readonly Buffer[]
  readonly #devices: number
  readonly #packetBytes: number
  readonly #userAt: number
  #sequence = 0

  constructor({ qos, devices, batch, slots }: Options) {
    const command = `{"userId":"${userId(0)}","qos":${qos},"event":${EVENT}}`
    const packets = Array.from({ length: batch }, (_, index) =>
      publishPacket(Buffer.from(EVENTS_TOPIC), Buffer.from(command), qos === 0 ? undefined : index + 1),
    )
    const request = Buffer.concat(qos === 0 ? [...packets, pingreqPacket()] : packets)
    this.batch = batch
    this.#requests = Array.from({ length: slots }, () => Buffer.from(request))
    this.#devices = devices
    this.#packetBytes = packets[0]?.length ?? 0
    this.#userAt = this.#packetBytes - command.length + command.indexOf(userId(0)) + USER_NUMBER.at
  }

  next(slot: number): Buffer {
    const request = this.#requests[slot]
    if (request === undefined) throw new RangeError(`no slot ${slot}`)
    for (let index = 0; index < this.batch; index++) {
      const sequence = this.#sequence++
      const start = index * this.#packetBytes
      writeDigits(request, start + this.#userAt, USER_NUMBER.width, targetOf(sequence, this.#devices))
      stampEvent(request, start + this.#packetBytes - 1, sequence, 0)
    }
    return request
  }

  accepts(status: number): boolean {
    return status === 0
  }
}
