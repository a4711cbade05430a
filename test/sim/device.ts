import type { Attachment, Link, OutboundEvent } from '../../server/src/delivery/delivery.ts'
import type { EndpointKey, Registration } from '../../server/src/store/store.ts'
import { PEER } from '../helpers/link-peer.ts'
import type { Dice } from './dice.ts'

/** What a device saw of one event. */
export type Receipt = {
  /** The name of the link that it came over. */
  readonly link: string
  readonly bytes: Uint8Array
  readonly eventId: string
  readonly address: string
  readonly qos: 0 | 1
  readonly step: number
}

/** One stretch of a device's life as a registered endpoint, as the device itself believes it. */
export type Life = {
  readonly registrationId: number
  keepAliveSeconds: number
  /** Uptime of the service at which the server last said yes. */
  aliveSinceUpMs: number
}

export type DeviceObserver = {
  onReceipt(device: Device, receipt: Receipt): void
  onAcknowledge(device: Device, link: string, eventId: string): void
  /** It gets the endpoint's events over a link from now on, of the name that is returned; and not any more. */
  onConnect(device: Device): string
  onDisconnect(link: string): void
}

/**
 * A device with a bad network: its link may refuse, stay silent, lose acknowledgements and break at any
 * time. It stands in for a phone and its MQTT session.
 */
export class Device {
  readonly endpoint: EndpointKey
  life: Life | undefined
  #attachment: Attachment | undefined
  #link = ''
  #unacknowledged: { readonly eventId: string; readonly acknowledge: () => void }[] = []
  #quota: number
  readonly #dice: Dice
  readonly #observer: DeviceObserver
  /** An operation of its is on its way: what the server knows of it is uncertain. */
  isBusy = false

  constructor(endpoint: EndpointKey, dice: Dice, observer: DeviceObserver) {
    this.endpoint = endpoint
    this.#dice = dice
    this.#quota = 1 + dice.roll(6)
    this.#observer = observer
  }

  get name(): string {
    return `${this.endpoint.organizationId}/${this.endpoint.userId}/${this.endpoint.userEndpointId}`
  }

  get isConnected(): boolean {
    return this.#attachment !== undefined
  }

  /** `attach` is delivery's; a link from before is gone without a word, as when a phone changes networks. */
  async connect(
    registration: Registration,
    attach: (registration: Registration, link: Link) => Attachment,
    step: () => number,
  ): Promise<void> {
    const link = new SimulatedLink(this, step)
    const attachment = attach(registration, link)
    this.drop()
    link.attachment = attachment
    this.#attachment = attachment
    this.#link = ''
    // As SUBACK does, which `start` follows.
    const isHeld = await attachment.attached
    if (!this.owns(attachment)) return
    if (!isHeld) return this.drop()
    this.#link = this.#observer.onConnect(this)
    link.name = this.#link
    attachment.start()
  }

  drop(): void {
    this.#attachment?.detach()
    this.#forget()
  }

  /** The server process died: nobody is told anything. */
  lose(): void {
    this.#forget()
  }

  #forget(): void {
    if (this.#link !== '') this.#observer.onDisconnect(this.#link)
    this.#link = ''
    this.#attachment = undefined
    this.#unacknowledged = []
  }

  owns(attachment: Attachment | undefined): boolean {
    return attachment !== undefined && this.#attachment === attachment
  }

  /** Acknowledges some of what is in flight, in order, as MQTT asks of a client [MQTT-4.6.0-2]. */
  acknowledgeSome(): void {
    const count = 1 + this.#dice.roll(this.#unacknowledged.length + 1)
    for (const { eventId, acknowledge } of this.#unacknowledged.splice(0, count)) {
      this.#observer.onAcknowledge(this, this.#link, eventId)
      acknowledge()
    }
    this.#attachment?.resume()
  }

  get hasRoom(): boolean {
    return this.#unacknowledged.length < this.#quota
  }

  take({ payload, qos, acknowledged }: OutboundEvent, link: string, step: number): void {
    const bytes = Buffer.from(payload)
    const { id, to } = JSON.parse(bytes.toString()) as { id: string; to: string }
    if (acknowledged !== undefined) this.#unacknowledged.push({ eventId: id, acknowledge: acknowledged })
    this.#observer.onReceipt(this, { link, bytes, eventId: id, address: to, qos, step })
  }
}

class SimulatedLink implements Link {
  readonly peer = PEER
  attachment: Attachment | undefined
  name = ''
  readonly #device: Device
  readonly #step: () => number

  constructor(device: Device, step: () => number) {
    this.#device = device
    this.#step = step
  }

  send(event: OutboundEvent): boolean {
    if (event.qos === 1 && !this.#device.hasRoom) return false
    this.#device.take(event, this.name, this.#step())
    return true
  }

  hasRoom(): boolean {
    return this.#device.hasRoom
  }

  close(): void {
    if (this.#device.owns(this.attachment)) this.#device.drop()
    else this.attachment?.detach()
  }
}
