import type { Clock } from '../../../server/src/clock/clock.ts'
import type { OnTaken, Transport, TransportListener } from '../../../server/src/mqtt/mqtt.ts'
import type { RecordedCall } from '../../history/recorder.ts'
import {
  connectPacket,
  type Packet,
  packetsOf,
  publishPacket,
  readResponse,
  subscribePacket,
} from './mqtt-packets.ts'
import type { ServiceProcess } from './process.ts'

/** It gives an event up that is not answered by then, and a connection that is not accepted, milliseconds. */
const TIMEOUT_MS = 5_000
const RESPONSES = 'users/events/responses/sim'
/** No session has more under way; the server's own bound is higher. */
const PACKET_IDS = 65_535

type Asked = { readonly call: RecordedCall; readonly qos: 0 | 1; readonly body: string }

/** A backend of one organization, which sends over MQTT. It has one client id, and comes to whatever process. */
export class MqttBackend {
  readonly organizationId: string
  readonly #clock: Clock
  #connection: BackendConnection | undefined

  constructor(organizationId: string, clock: Clock) {
    this.organizationId = organizationId
    this.#clock = clock
  }

  get isConnected(): boolean {
    return this.#connection?.isUp === true
  }

  /** Comes to another process, as after a change of networks: nobody tells the one before. */
  connectAt(process: ServiceProcess): void {
    this.#connection?.forget()
    this.#connection = new BackendConnection(this.organizationId, process, this.#clock)
  }

  /** Sends an event over the connection there is, if there is one. */
  publish(call: RecordedCall, qos: 0 | 1, body: string, process: ServiceProcess): void {
    if (this.#connection?.isUp !== true) this.connectAt(process)
    this.#connection?.publish({ call, qos, body })
  }
}

/** One connection: bytes to a real session of a process, and what comes back. */
class BackendConnection implements Transport {
  readonly isWebSocket = false
  readonly name = 'tcp'
  readonly hasCertificate = false
  readonly userAgent = undefined
  readonly #process: ServiceProcess
  readonly #clock: Clock
  readonly #underWay = new Map<string, Asked>()
  /** Until it is subscribed. */
  #waiting: Asked[] = []
  #listener: TransportListener | undefined
  #state: 'connecting' | 'subscribed' | 'gone' = 'connecting'
  #lastId = 0

  constructor(organizationId: string, process: ServiceProcess, clock: Clock) {
    this.#process = process
    this.#clock = clock
    const token = `${organizationId}.backend.token`
    process.node.clock.enter(() => {
      if (process.mqtt?.serve(this, '127.0.0.1') !== true) this.forget()
    })
    this.#say(connectPacket(`backend-${organizationId}`, 'backend', token))
    clock.after(TIMEOUT_MS, () => {
      if (this.#state === 'connecting') this.forget()
    })
  }

  get isUp(): boolean {
    return this.#state !== 'gone' && this.#process.isUp
  }

  publish(asked: Asked): void {
    if (this.#state === 'subscribed') this.#send(asked)
    else this.#waiting.push(asked)
  }

  /** The backend does not hear of it any more, and its process not yet. */
  forget(): void {
    this.#state = 'gone'
    for (const { call } of [...this.#underWay.values(), ...this.#waiting]) call.unknown()
    this.#underWay.clear()
    this.#waiting = []
  }

  start(listener: TransportListener): void {
    this.#listener = listener
  }

  write(frame: Buffer, onTaken?: OnTaken): void {
    if (this.isUp) for (const packet of packetsOf(frame)) this.#hear(packet)
    onTaken?.()
  }

  bufferedBytes(): number {
    return 0
  }

  takenBytes(): number {
    return 0
  }

  notifyDrained(): void {
    this.#listener?.onDrained()
  }

  pause(): void {}
  resume(): void {}
  admitted(): void {}

  close(): void {
    this.destroy()
  }

  destroy(): void {
    this.forget()
    const listener = this.#listener
    this.#listener = undefined
    // Not before whoever closes it is done.
    if (listener !== undefined) this.#process.node.clock.after(0, () => listener.onClosed())
  }

  #send(asked: Asked): void {
    const id = (++this.#lastId % PACKET_IDS) + 1
    const correlation = `${this.#lastId}`
    this.#underWay.set(correlation, asked)
    const packetId = asked.qos === 1 ? id : undefined
    const publication = { topic: 'users/events', packetId, responseTopic: RESPONSES, correlation }
    this.#say(publishPacket({ ...publication, payload: asked.body }))
    this.#clock.after(TIMEOUT_MS, () => {
      // Whoever says nothing is gone: the next event goes elsewhere.
      if (this.#underWay.has(correlation)) this.forget()
    })
  }

  #say(bytes: Buffer): void {
    this.#process.node.clock.enter(() => this.#listener?.onData(bytes))
  }

  #hear({ first, body }: Packet): void {
    switch (first >>> 4) {
      case 2: // CONNACK
        if (body.readUInt8(1) === 0) this.#say(subscribePacket(1, RESPONSES))
        else this.forget()
        return
      case 9: // SUBACK
        this.#state = 'subscribed'
        for (const asked of this.#waiting.splice(0)) this.#send(asked)
        return
      case 3: // PUBLISH
        this.#conclude(readResponse(body))
        return
    }
  }

  #conclude({ correlation, payload }: ReturnType<typeof readResponse>): void {
    const asked = this.#underWay.get(correlation)
    if (asked === undefined) return
    this.#underWay.delete(correlation)
    const { count, eventId, error } = JSON.parse(payload)
    if (error === undefined) asked.call.ok({ count, eventId })
    // Without the event's id it was surely not accepted.
    else if (error === 'unavailable' && eventId !== undefined) asked.call.unknown()
    else asked.call.refused(error)
  }
}
