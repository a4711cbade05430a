import mqtt, { type MqttClient } from 'mqtt'
import { digestOf } from '../history/digest.ts'
import type { CancelOthers, Operation, Result, Send } from '../history/lines.ts'
import type { RecordedCall, Recorder } from '../history/recorder.ts'
import { type Answered, endCall, isAnswered, tryCall } from './recorded-call.ts'

export type RecordedSenderOptions = {
  readonly recorder: Recorder
  readonly url: () => string
  readonly organizationId: string
  readonly clientId: string
  readonly accessToken: string
  /** What the history calls the token. */
  readonly token: string
}

/** One event to be sent. */
export type Wanted = Pick<Send, 'qos' | 'key' | 'collapseKey'> & {
  readonly eventId: string
  readonly userId: string
  readonly userEndpointId?: string
  readonly ttlSeconds?: number
  /** The event is over for everybody else once somebody has it, or has answered it: they are told. */
  readonly cancelOn?: CancelOthers['on']
  /** Waits so long for receipts. */
  readonly waitSeconds?: number
}

const RESPONSES = 'users/events/responses/results'
const RESPONSE_TIMEOUT_MS = 5000
/** Somebody who hangs is noticed before long. */
const PING_SECONDS = 5

/** A backend that sends by POST, in batches and over MQTT 5, and records all of it. */
export class RecordedSender {
  readonly #options: RecordedSenderOptions
  #client: MqttClient | undefined

  constructor(options: RecordedSenderOptions) {
    this.#options = options
  }

  /** @returns whether it was answered with a count */
  async post(wanted: Wanted): Promise<boolean> {
    const { url, accessToken } = this.#options
    const call = this.#begin(wanted, 'post')
    const line = 'POST users/endpoints/sendEvent'
    const { waitSeconds } = wanted
    const prefer = waitSeconds === undefined ? {} : { prefer: `wait=${waitSeconds}` }
    return endCall(call, await tryCall(url(), accessToken, line, bodyOf(wanted), prefer), resultOf, true)
  }

  async bulk(all: readonly Wanted[]): Promise<void> {
    const { url, accessToken } = this.#options
    const calls = all.map((wanted) => this.#begin(wanted, 'bulk'))
    const body = `[${all.map(bodyOf).join(',')}]`
    const answer = await tryCall(url(), accessToken, 'POST users/endpoints/sendEvents', body)
    const results: readonly unknown[] =
      isAnswered(answer) && answer.status === 200 ? JSON.parse(answer.text) : []
    for (const [place, call] of calls.entries()) {
      const result = results[place]
      if (result === undefined) endCall(call, answer, undefined, true)
      else endAs(call, result)
    }
  }

  /** Nothing is sent where there is no connection. */
  async publish(wanted: Wanted): Promise<void> {
    const client = await this.#connected()
    if (client === undefined) return
    const call = this.#begin(wanted, 'mqtt')
    const correlation = wanted.eventId
    const response = new Promise<unknown>((resolve) => {
      const timer = setTimeout(() => resolve(undefined), RESPONSE_TIMEOUT_MS)
      const settle = (result: unknown): void => {
        clearTimeout(timer)
        client.off('message', onMessage)
        client.off('close', onClose)
        resolve(result)
      }
      const onClose = (): void => settle(undefined)
      const onMessage = (
        _: string,
        payload: Buffer,
        packet: { properties?: { correlationData?: Buffer } },
      ): void => {
        if (packet.properties?.correlationData?.toString() === correlation)
          settle(JSON.parse(payload.toString()))
      }
      client.on('message', onMessage)
      client.once('close', onClose)
    })
    const properties = { responseTopic: RESPONSES, correlationData: Buffer.from(correlation) }
    client.publish('users/events', bodyOf(wanted), { qos: 1, properties }, () => undefined)
    const result = await response
    if (result === undefined) call.unknown()
    else endAs(call, result)
  }

  async #connected(): Promise<MqttClient | undefined> {
    if (this.#client?.connected === true) return this.#client
    const { url, clientId, accessToken } = this.#options
    const client = mqtt.connect(`${url().replace(/^http/, 'ws')}/ws`, {
      ...{ username: clientId, password: accessToken, protocolVersion: 5 },
      ...{ reconnectPeriod: 0, connectTimeout: 3000, keepalive: PING_SECONDS },
    })
    client.on('error', () => undefined)
    const isThere = await new Promise<boolean>((resolve) => {
      client.once('close', () => resolve(false))
      client.once('connect', () =>
        client.subscribe(RESPONSES, { qos: 0 }, (error) => resolve(error === null)),
      )
    })
    if (isThere) this.#client = client
    return isThere ? client : undefined
  }

  #begin(wanted: Wanted, via: Send['via'] & string): RecordedCall {
    const { recorder, organizationId, clientId, token } = this.#options
    const { userId, userEndpointId, ttlSeconds, qos, eventId, key, collapseKey, cancelOn: on } = wanted
    const cancelDigest = digestOf(Buffer.from(cancelOf(wanted)))
    const to = `${organizationId}/${userId}`
    const operation: Operation = {
      ...{ op: 'send', via, by: `${organizationId}/${clientId}`, to, qos, eventId, token },
      digest: digestOf(Buffer.from(eventOf(wanted))),
      ...(userEndpointId === undefined ? {} : { endpoint: `${to}/${userEndpointId}` }),
      ...(key === undefined ? {} : { key }),
      ...(collapseKey === undefined ? {} : { collapseKey }),
      ...(ttlSeconds === undefined ? {} : { lifetimeMs: 1000 * ttlSeconds }),
      ...(on === undefined ? {} : { cancelOthers: { on, eventId: overId(eventId), digest: cancelDigest } }),
    }
    return recorder.begin(operation)
  }

  async end(): Promise<void> {
    await this.#client?.endAsync(true)
  }
}

const TIMESTAMP = '2026-01-01T00:00:00Z'

function eventOf({ eventId, cancelOn }: Wanted): string {
  const isRace = cancelOn === 'answered' ? { isRace: true } : {}
  return JSON.stringify({ id: eventId, type: 'CallOfferedEvent', timestamp: TIMESTAMP, ...isRace })
}

/** What the others are told. */
function cancelOf({ eventId }: Wanted): string {
  return JSON.stringify({ id: overId(eventId), type: 'CallCancelledEvent', timestamp: TIMESTAMP })
}

function overId(eventId: string): string {
  return `${eventId}-over`
}

function bodyOf(wanted: Wanted): string {
  const { eventId: _, key, cancelOn, waitSeconds: __, ...rest } = wanted
  const command = JSON.stringify({ ...rest, ...(key === undefined ? {} : { idempotencyKey: key }) })
  const cancel =
    cancelOn === undefined ? '' : `,"cancelOthers":{"on":"${cancelOn}","event":${cancelOf(wanted)}}`
  return `${command.slice(0, -1)}${cancel},"event":${eventOf(wanted)}}`
}

function resultOf({ text, headers }: Answered): Result {
  const acknowledged = headers.get('acknowledged')
  return {
    count: Number(text),
    eventId: decodeURIComponent(headers.get('event-id') ?? ''),
    ...(acknowledged === null ? {} : { acknowledged: Number(acknowledged) }),
  }
}

/** What a batch, or a response topic, says of one event. */
function endAs(call: RecordedCall, result: unknown): void {
  const { error, eventId, count } = result as { error?: string; eventId?: string; count?: number }
  if (error === undefined && count !== undefined)
    call.ok({ count, ...(eventId === undefined ? {} : { eventId }) })
  else if (error === undefined || error === 'internal_error' || eventId !== undefined) call.unknown()
  else call.refused(error)
}
