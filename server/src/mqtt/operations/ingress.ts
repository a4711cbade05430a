import { RollcallError } from '@rollcall/protocol/error-code'
import { RECEIVE_MAXIMUM } from '@rollcall/protocol/limits'
import { parseTopic } from '@rollcall/protocol/topic'
import { parseSendEvent } from '../../delivery/delivery.ts'
import { asError } from '../../observe/observe.ts'
import { frameOf } from '../packets/frames.ts'
import type { Publication } from '../packets/publication.ts'
import type { MqttClient } from '../session/client.ts'
import type { Connection } from '../session/connection.ts'
import type { Outgoing } from '../session/outgoing.ts'
import { answerTo, type PublishResult } from './ingress-answer.ts'

/** Payload under way past which nothing more is read. One more packet may come on top. */
const BYTES_MAX = 1_048_576

/** An event on its way; the result comes later. */
type UnderWay = { readonly publication: Publication; result: PublishResult | undefined }
type Decided = { readonly publication: Publication; readonly result: PublishResult }

/** A connection that events are published over. */
export type PublishingConnection = Connection & {
  readonly outgoing: Pick<Outgoing, 'isCongested'>
  /** See {@link ingressOf}. */
  ingress: Ingress | undefined
}

/**
 * The events that one backend publishes. Many are under way at a time, so that the store takes them together;
 * they are answered in the order in which they came [MQTT-4.6.0-2], those that are ready in one write.
 */
export class Ingress {
  /** Topics on which the client hears of results. */
  readonly responseTopics = new Set<string>()
  readonly #connection: PublishingConnection
  readonly #underWay: UnderWay[] = []
  #bytes = 0
  #isFlushing = false
  #onRoom: (() => void) | undefined
  #onIdle: (() => void) | undefined

  constructor(connection: PublishingConnection) {
    this.#connection = connection
  }

  /** Sends an event. Returns a promise where the next packet has to wait for room. */
  publish(client: MqttClient, publication: Publication): Promise<void> | undefined {
    const entry: UnderWay = { publication, result: undefined }
    this.#underWay.push(entry)
    this.#bytes += publication.payload.length
    this.#send(client, publication).then(
      (result) => this.#decide(entry, result),
      (error: unknown) => this.#decide(entry, this.#refusalOf(error)),
    )
    return this.#hasRoom ? undefined : new Promise((resolve) => (this.#onRoom = resolve))
  }

  /** Resolves once everything that came so far is answered; `undefined`: it is. Only the last asker is told. */
  idle(): Promise<void> | undefined {
    return this.#underWay.length === 0 ? undefined : new Promise((resolve) => (this.#onIdle = resolve))
  }

  get #hasRoom(): boolean {
    return this.#underWay.length < RECEIVE_MAXIMUM && this.#bytes < BYTES_MAX
  }

  async #send({ principal }: MqttClient, { payload, responseTopic }: Publication): Promise<PublishResult> {
    const { clock, delivery } = this.#connection.context
    // A link may outlive its token where its user renews a registration, but it then only receives.
    if (clock.wallMs() >= principal.expiresAtWallMs) throw new RollcallError('unauthorized')
    if (responseTopic !== undefined && parseTopic(responseTopic)?.kind !== 'responses')
      throw badResponseTopic()
    return delivery.sendEvent(principal, parseSendEvent(payload))
  }

  #refusalOf(error: unknown): RollcallError {
    const { log, metrics } = this.#connection.context
    const isExpected = error instanceof RollcallError
    if (!isExpected) log.error('mqtt: an event could not be sent', { err: asError(error) })
    const refusal = isExpected ? error : new RollcallError('internal_error')
    metrics.refused('mqtt', refusal.code)
    return refusal
  }

  #decide(entry: UnderWay, result: PublishResult): void {
    entry.result = result
    if (this.#isFlushing || this.#underWay[0]?.result === undefined) return
    this.#isFlushing = true
    // Others that are decided by the same commit join in.
    process.nextTick(() => this.#flush())
  }

  #flush(): void {
    this.#isFlushing = false
    try {
      this.#answer()
    } catch (error) {
      this.#connection.fail(error)
    }
    if (this.#hasRoom) this.#onRoom?.()
    if (this.#underWay.length === 0) this.#onIdle?.()
  }

  #answer(): void {
    const connection = this.#connection
    const packets: Buffer[] = []
    for (const { publication, result } of this.#takeDecided()) {
      if (!connection.isOpen || connection.client === undefined) return
      const answer = answerTo(connection.client, publication, result, this.#hears(publication))
      packets.push(...answer.packets)
      if (answer.closing === undefined) continue
      this.#write(packets)
      connection.close(answer.closing)
      return
    }
    this.#write(packets)
  }

  #takeDecided(): readonly Decided[] {
    const decided: Decided[] = []
    for (const { publication, result } of this.#underWay) {
      if (result === undefined) break
      decided.push({ publication, result })
      this.#bytes -= publication.payload.length
    }
    this.#underWay.splice(0, decided.length)
    return decided
  }

  #hears({ responseTopic }: Publication): boolean {
    const isHeard = responseTopic !== undefined && this.responseTopics.has(responseTopic)
    return isHeard && !this.#connection.outgoing.isCongested
  }

  /** Each fits the client's largest packet. */
  #write(packets: readonly Buffer[]): void {
    const { transport } = this.#connection
    if (packets.length > 0) transport.write(frameOf(Buffer.concat(packets), transport.isWebSocket))
  }
}

/** A connection's ingress; made when first needed, since most connections have none. */
export function ingressOf(connection: PublishingConnection): Ingress {
  connection.ingress ??= new Ingress(connection)
  return connection.ingress
}

function badResponseTopic(): RollcallError {
  const problem = 'must be users/events/responses/{name}'
  return new RollcallError('invalid_request', `responseTopic: ${problem}`, {
    fields: [['responseTopic', problem]],
  })
}
