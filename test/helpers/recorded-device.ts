import mqtt, { type IPublishPacket, type MqttClient } from 'mqtt'
import { digestOf } from '../history/digest.ts'
import type { LinkUp } from '../history/lines.ts'
import type { Recorder } from '../history/recorder.ts'
import { type Answered, endCall, isAnswered, tryCall, type Unanswered } from './recorded-call.ts'

/** In SUBACK: from here on it is no QoS. */
const REFUSED = 0x80

/** An access token, and what the history calls it. */
export type Credential = { readonly accessToken: string; readonly token: string }

/** Where a device is, and as whom. */
export type RecordedDeviceOptions = {
  readonly recorder: Recorder
  /** Of the server, which may be another one later. */
  readonly url: () => string
  readonly organizationId: string
  readonly userId: string
  readonly userEndpointId: string
  /** With which token, and what the history calls it: of now. */
  readonly credential: () => Credential
  readonly keepAliveSeconds: number
  /** How long it takes an event to be taken over, before PUBACK; infinity: for ever. Default: no time. */
  readonly slowMs?: () => number
  /** Of MQTT. Default: 5. */
  readonly protocolVersion?: 4 | 5
  /** Silence of a link after which it pings. Default: 5. */
  readonly pingSeconds?: number
  /** What the history calls the server of that URL. Default: nothing. */
  readonly nodeAt?: (url: string) => string
  /** Whether its person answers what can be answered. Default: nobody does. */
  readonly answers?: () => boolean
}

/** A phone of MQTT.js and HTTP, of which everything that it asks and gets is recorded. */
export class RecordedDevice {
  readonly #options: RecordedDeviceOptions
  readonly name: string
  #client: MqttClient | undefined
  isRegistered = false
  /** When something came last. */
  lastMs = 0

  constructor(options: RecordedDeviceOptions) {
    this.#options = options
    this.name = `${options.organizationId}/${options.userId}/${options.userEndpointId}`
  }

  get isConnected(): boolean {
    return this.#client !== undefined
  }

  async register(): Promise<void> {
    const { recorder, keepAliveSeconds, credential } = this.#options
    const { accessToken, token } = credential()
    const call = recorder.begin({ op: 'register', endpoint: this.name, keepAliveSeconds, token })
    const answer = await this.#post('users/endpoints/register', accessToken, { keepAliveSeconds })
    this.isRegistered = endCall(call, answer)
  }

  async keepalive(): Promise<void> {
    const { recorder, credential } = this.#options
    const { accessToken, token } = credential()
    const call = recorder.begin({ op: 'keepalive', endpoint: this.name, token })
    const answer = await this.#post('users/endpoints/keepalive', accessToken)
    endCall(call, answer)
    if (isAnswered(answer) && answer.status === 400) this.isRegistered = false
  }

  async unregister(): Promise<void> {
    const { recorder, credential } = this.#options
    const { accessToken, token } = credential()
    const call = recorder.begin({ op: 'unregister', endpoint: this.name, token })
    endCall(call, await this.#post('users/endpoints/unregister', accessToken))
    this.isRegistered = false
  }

  /** Its person takes what rings, and again where nobody knows whether that was heard. */
  async answer(eventId: string): Promise<void> {
    const { recorder, credential } = this.#options
    for (let tries = 0; tries < 3; tries++) {
      const { accessToken, token } = credential()
      const call = recorder.begin({ op: 'answer', endpoint: this.name, eventId, token })
      const answer = await this.#post(`events/${eventId}/answer`, accessToken)
      endCall(call, answer)
      if (isAnswered(answer) && answer.status < 500) return
    }
  }

  #post(path: string, accessToken: string, body: object = {}): Promise<Answered | Unanswered> {
    const { url, userEndpointId } = this.#options
    return tryCall(url(), accessToken, `POST ${path}`, JSON.stringify({ userEndpointId, ...body }))
  }

  /** CONNECT and SUBSCRIBE. */
  async connect(): Promise<void> {
    const { recorder, url, userId, userEndpointId, credential, nodeAt } = this.#options
    const { accessToken, token } = credential()
    const at = url()
    const node = nodeAt?.(at)
    const link = recorder.newLink()
    const call = recorder.begin({ op: 'connect', endpoint: this.name, token })
    const client = mqtt.connect(`${at.replace(/^http/, 'ws')}/ws`, {
      ...{ username: userId, password: accessToken, clientId: `${userEndpointId}-${link}` },
      ...{ reconnectPeriod: 0, connectTimeout: 3000, keepalive: this.#options.pingSeconds ?? 5 },
      protocolVersion: this.#options.protocolVersion ?? 5,
    })
    client.on('error', () => undefined)
    const slowMs = this.#options.slowMs?.bind(undefined) ?? (() => 0)
    client.handleMessage = (_packet, done) => {
      const ms = slowMs()
      if (ms === 0) done()
      else if (ms !== Number.POSITIVE_INFINITY) setTimeout(done, ms)
    }
    this.#listen(client, { link, token, ...(node === undefined ? {} : { node }) })
    const granted = await subscribe(client, `users/endpoints/${userEndpointId}`)
    if (granted !== 0 && granted !== 1) {
      client.end(true)
      if (granted === undefined) call.unknown()
      // SUBACK says no more than that.
      else call.refused('not_granted')
      // Its registration may have ended; to register again does no harm.
      if (granted !== undefined) this.isRegistered = false
      return
    }
    call.ok()
  }

  /** Events, PUBACKs and the end of a link, in the order in which the client has them. */
  #listen(client: MqttClient, of: Pick<LinkUp, 'link' | 'token' | 'node'>): void {
    const { link } = of
    const { recorder, answers = () => false } = this.#options
    const endpoint = this.name
    const eventIds = new Map<number, string>()
    let isUp = false
    client.on('packetreceive', (packet) => {
      const granted = packet.cmd === 'suback' ? Number(packet.granted[0]) : REFUSED
      if (granted >= REFUSED) return
      isUp = true
      this.#client = client
      recorder.add({ kind: 'link_up', ...of, endpoint, qos: granted === 0 ? 0 : 1 })
    })
    client.on('message', (_topic, payload, { qos, messageId }: IPublishPacket) => {
      const { id, isRace } = JSON.parse(payload.toString()) as { id: unknown; isRace?: boolean }
      const eventId = String(id)
      this.lastMs = performance.now()
      if (messageId !== undefined) eventIds.set(messageId, eventId)
      recorder.add({
        kind: 'delivery',
        link,
        endpoint,
        eventId,
        qos: qos === 0 ? 0 : 1,
        digest: digestOf(payload),
      })
      if (isRace === true && answers()) void this.answer(eventId)
    })
    client.on('packetsend', (packet) => {
      const eventId = packet.cmd === 'puback' ? eventIds.get(packet.messageId ?? -1) : undefined
      if (eventId !== undefined) recorder.add({ kind: 'puback', link, endpoint, eventId })
    })
    client.on('close', () => {
      if (isUp) recorder.add({ kind: 'link_down', link })
      isUp = false
      if (this.#client === client) this.#client = undefined
    })
  }

  /** Cuts the link, as a phone does that loses its network. */
  drop(): void {
    this.#client?.stream.destroy()
  }

  async end(): Promise<void> {
    await this.#client?.endAsync(true)
  }
}

/** The code of SUBACK; `undefined`: none came. */
function subscribe(client: MqttClient, topic: string): Promise<number | undefined> {
  return new Promise((resolve) => {
    client.once('close', () => resolve(undefined))
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'suback') resolve(Number(packet.granted[0]))
    })
    client.once('connect', () => client.subscribe(topic, { qos: 1 }))
  })
}
