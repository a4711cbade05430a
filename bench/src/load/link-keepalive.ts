import { keepaliveTopic } from '@rollcall/protocol/topic'
import { publishPacket } from '../wire/mqtt-packets.ts'
import { endpointId } from './roster.ts'
import type { Work } from './work.ts'

/** A keepalive of each link's own endpoint, published at QoS 1: the PUBACK says that it was taken. */
export class LinkKeepalive implements Work {
  readonly #requests: readonly Buffer[]

  constructor(links: number) {
    this.#requests = Array.from({ length: links }, (_, endpoint) =>
      publishPacket(Buffer.from(keepaliveTopic(endpointId(endpoint))), Buffer.alloc(0), 1),
    )
  }

  next(slot: number): Buffer {
    const request = this.#requests[slot]
    if (request === undefined) throw new RangeError(`no slot ${slot}`)
    return request
  }

  accepts(status: number): boolean {
    return status === 0
  }
}
