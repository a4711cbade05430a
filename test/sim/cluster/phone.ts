import { RollcallError } from '@rollcall/protocol/error-code'
import type { Attachment, Link, OutboundEvent } from '../../../server/src/delivery/delivery.ts'
import type { EndpointKey } from '../../../server/src/store/store.ts'
import { PEER } from '../../helpers/link-peer.ts'
import type { Recorder } from '../../history/recorder.ts'
import type { Dice } from '../dice.ts'
import type { ServiceProcess } from './process.ts'

/** Time after which a phone that sees nothing any more of its process gives a link up, milliseconds. */
const SILENCE_MS_MAX = 4_000

/** An event that came, and what the link calls it. */
export type Unacknowledged = {
  readonly eventId: string
  readonly streamId: string
  readonly acknowledge: () => void
}

/** A phone: it registers and connects at whatever process it comes to, on a network that loses it at any time. */
export class Phone {
  readonly endpoint: EndpointKey
  readonly name: string
  /** What it believes. */
  keepAliveSeconds: number | undefined
  lastKeepAliveMs = 0
  /** A call of its own is under way. */
  isBusy = false
  /** Events that rang here. */
  readonly rung: string[] = []
  #link: PhoneLink | undefined
  readonly #dice: Dice
  readonly #recorder: Recorder

  constructor(endpoint: EndpointKey, dice: Dice, recorder: Recorder) {
    this.endpoint = endpoint
    this.name = `${endpoint.organizationId}/${endpoint.userId}/${endpoint.userEndpointId}`
    this.#dice = dice
    this.#recorder = recorder
  }

  get link(): PhoneLink | undefined {
    return this.#link
  }

  get process(): ServiceProcess | undefined {
    return this.#link?.process
  }

  /** CONNECT and SUBSCRIBE, as a process carries them out. */
  async connectAt(process: ServiceProcess): Promise<void> {
    const [sighting] = await process.registrar.look([this.endpoint], { link: true })
    if (sighting === undefined) throw new RollcallError('endpoint_unknown')
    const link = new PhoneLink(this, process, this.#dice, this.#recorder)
    const attachment = process.delivery.attach(sighting.registration, link)
    link.attachment = attachment
    let isHolding: boolean
    try {
      isHolding = await attachment.attached
    } catch (error) {
      attachment.detach()
      throw error
    }
    if (!isHolding) {
      attachment.detach()
      throw new RollcallError('endpoint_unknown')
    }
    if (link.isClosed)
      throw new RollcallError('unavailable', 'It was taken over meanwhile.', { isUndecided: true })
    this.drop()
    this.#link = link
    link.isUp = true
    this.#recorder.add({ kind: 'link_up', link: link.name, endpoint: this.name, qos: 1, node: process.name })
    attachment.start()
  }

  /** The phone has gone, as when it changes networks: its process finds out later. */
  drop(): void {
    this.#link?.fall(this.#dice.roll(SILENCE_MS_MAX))
  }

  forget(link: PhoneLink): void {
    if (this.#link === link) this.#link = undefined
  }
}

/** One connection of a phone to a process: as over MQTT, or a stream of events that is acknowledged by requests. */
export class PhoneLink implements Link {
  readonly peer = PEER
  readonly process: ServiceProcess
  readonly name: string
  attachment: Attachment | undefined
  isUp = false
  isClosed = false
  #unacknowledged: Unacknowledged[] = []
  /** Of which a request is under way. */
  #asked: Unacknowledged[] = []
  /** Whether it is acknowledged by requests, at whatever process. */
  readonly isStream: boolean
  readonly #phone: Phone
  readonly #recorder: Recorder
  readonly #quota: number

  constructor(phone: Phone, process: ServiceProcess, dice: Dice, recorder: Recorder) {
    this.#phone = phone
    this.process = process
    this.#recorder = recorder
    this.name = recorder.newLink()
    this.#quota = 1 + dice.roll(8)
    this.isStream = dice.chance(30)
  }

  send({ payload, qos, sequence, acknowledged }: OutboundEvent): boolean {
    if (this.isClosed) return false
    if (qos === 1 && !this.hasRoom()) return false
    const { id, type } = JSON.parse(Buffer.from(payload).toString()) as { id: string; type: string }
    // The socket took it, and nobody is at its other end.
    if (!this.isUp) return true
    if (type !== 'UserEndpointKeepAliveRequestedEvent' && !type.includes('KeepAliveRequested')) {
      this.#recorder.add({ kind: 'delivery', link: this.name, endpoint: this.#phone.name, eventId: id, qos })
      if (id.startsWith('call')) this.#phone.rung.push(id)
    }
    if (acknowledged !== undefined)
      this.#unacknowledged.push({ eventId: id, streamId: `${sequence}`, acknowledge: acknowledged })
    return true
  }

  hasRoom(): boolean {
    return !this.isClosed && this.#unacknowledged.length + this.#asked.length < this.#quota
  }

  /** From inside: the phone sees it. */
  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.#down()
    this.attachment?.detach()
  }

  /** From outside: the process sees it after a while, if it is there. */
  fall(afterMs: number): void {
    this.#down()
    this.process.node.clock.after(afterMs, () => {
      this.isClosed = true
      this.attachment?.detach()
    })
  }

  #down(): void {
    if (this.isUp) this.#recorder.add({ kind: 'link_down', link: this.name })
    this.isUp = false
    this.#unacknowledged = []
    this.#asked = []
    this.#phone.forget(this)
  }

  acknowledgeSome(count: number): void {
    const { clock } = this.process.node
    const link = this.name
    for (const { eventId, acknowledge } of this.#unacknowledged.splice(0, count)) {
      const heard = clock.isRunning ? ({ isHeard: true } as const) : {}
      this.#recorder.add({ kind: 'puback', link, endpoint: this.#phone.name, eventId, ...heard })
      clock.enter(() => {
        if (!this.isClosed) acknowledge()
      })
    }
    clock.enter(() => this.attachment?.resume())
  }

  /** What a request says, as the process finds it that has the stream: each once, whatever the phone asked meanwhile. */
  acknowledge(ids: readonly string[]): number {
    const meant = this.#asked.filter(({ streamId }) => ids.includes(streamId))
    this.#asked = this.#asked.filter((one) => !meant.includes(one))
    for (const { acknowledge } of meant) if (!this.isClosed) acknowledge()
    if (meant.length > 0) this.attachment?.resume()
    return meant.length
  }

  /** Some of what came, to be acknowledged by a request. */
  takeSome(count: number): readonly Unacknowledged[] {
    const some = this.#unacknowledged.splice(0, count)
    this.#asked.push(...some)
    const link = this.name
    for (const { eventId } of some)
      this.#recorder.add({ kind: 'puback', link, endpoint: this.#phone.name, eventId, isUnsure: true })
    return some
  }

  /** The request was answered: all of them were in flight. */
  heard(some: readonly Unacknowledged[]): void {
    const link = this.name
    for (const { eventId } of some)
      this.#recorder.add({ kind: 'puback', link, endpoint: this.#phone.name, eventId, isHeard: true })
  }

  /** Not all of them were: nobody knows which, and those that were not are asked for again. */
  askAgain(some: readonly Unacknowledged[]): void {
    const open = some.filter((one) => this.#asked.includes(one))
    this.#asked = this.#asked.filter((one) => !open.includes(one))
    if (this.isUp) this.#unacknowledged.unshift(...open)
  }

  get unacknowledged(): number {
    return this.#unacknowledged.length
  }
}
