import { EventEmitter, once } from 'node:events'
import type { TestContext } from 'node:test'
import { connect, type IClientOptions, type IPublishPacket, type MqttClient, type Packet } from 'mqtt'
import type { MqttFixture } from './mqtt-fixture.ts'

export type Received = {
  readonly topic: string
  readonly payload: string
  readonly qos: number
  readonly dup: boolean
}

/** A real client (MQTT.js) with what it received. */
export type TestClient = {
  readonly client: MqttClient
  readonly received: Received[]
  /** The CONNACK. */
  readonly connack: {
    readonly returnCode?: number
    readonly reasonCode?: number
    readonly properties?: object
  }
  /** Resolves once `count` events were received. */
  receive(count: number): Promise<readonly Received[]>
  /** Resolves with the code of the server's DISCONNECT, or `undefined`, once the connection is closed. */
  closed(): Promise<number | undefined>
  /** Subscribes and returns the codes of SUBACK; rejects when the connection is closed instead. */
  subscribe(topic: string | readonly string[], qos?: 0 | 1 | 2): Promise<readonly number[]>
}

/**
 * Connects over `via` and resolves at CONNACK, whatever it says, or, where there is none, rejects when the
 * connection closes. Does not reconnect.
 */
export async function connectClient(
  test: TestContext,
  { httpPort, tcpPort }: Pick<MqttFixture, 'httpPort' | 'tcpPort'>,
  options: IClientOptions & { readonly via?: 'ws' | 'tcp' },
): Promise<TestClient> {
  const { via = 'ws', ...rest } = options
  const url = via === 'ws' ? `ws://127.0.0.1:${httpPort}/ws` : `mqtt://127.0.0.1:${tcpPort}`
  const client = connect(url, { reconnectPeriod: 0, keepalive: 0, connectTimeout: 5000, ...rest })
  test.after(() => client.endAsync(true).catch(() => {}))
  client.on('error', () => {})
  const received: Received[] = []
  const arrivals = new EventEmitter()
  client.on('message', (topic, payload, { qos, dup }: IPublishPacket) => {
    received.push({ topic, payload: payload.toString(), qos, dup })
    arrivals.emit('event')
  })
  const ended = watchEnd(client)
  const connack = await readConnack(client)
  return {
    client,
    received,
    connack,
    closed: () => ended,
    async receive(count) {
      while (received.length < count) await once(arrivals, 'event')
      return received
    },
    subscribe: (topic, qos = 1) => subscribe(client, topic, qos),
  }
}

function watchEnd(client: MqttClient): Promise<number | undefined> {
  let reasonCode: number | undefined
  client.on('disconnect', (packet) => {
    reasonCode = packet.reasonCode
  })
  return new Promise((resolve) => client.once('close', () => resolve(reasonCode)))
}

function readConnack(client: MqttClient): Promise<TestClient['connack']> {
  return new Promise((resolve, reject) => {
    client.on('packetreceive', (packet) => {
      if (packet.cmd === 'connack') resolve(packet)
    })
    client.once('close', () => reject(new Error('closed without CONNACK')))
  })
}

/** MQTT.js hides the codes behind an error: they are read off the packet. */
async function subscribe(
  client: MqttClient,
  topic: string | readonly string[],
  qos: 0 | 1 | 2,
): Promise<readonly number[]> {
  return new Promise<readonly number[]>((resolve, reject) => {
    const onPacket = (packet: Packet): void => {
      if (packet.cmd !== 'suback') return
      client.off('packetreceive', onPacket)
      resolve(packet.granted.map(Number))
    }
    client.on('packetreceive', onPacket)
    // A refusal is an error too, but came as a packet before; without one the connection was closed.
    client.subscribe(typeof topic === 'string' ? topic : [...topic], { qos }, (error) => {
      if (error !== null) reject(error)
    })
  })
}
