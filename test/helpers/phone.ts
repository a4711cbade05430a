import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'

/** Messages that an MQTT client received. */
export type Received = {
  readonly topic: string
  readonly event: Record<string, unknown>
  readonly qos: number
  readonly text: string
}

/** A real MQTT client with what it received. */
export type Phone = {
  readonly client: MqttClient
  readonly received: Received[]
  /** Grants, as SUBACK has them. */
  subscribe(topic: string, qos?: 0 | 1): Promise<readonly number[]>
  end(): Promise<void>
}

/**
 * Connects MQTT.js over WebSocket. It does not reconnect by itself, so that a test sees every end.
 *
 * @throws the client's error, e.g. a refused CONNECT
 */
export async function connectPhone(
  serverUrl: string,
  username: string,
  password: string,
  options: IClientOptions = {},
): Promise<Phone> {
  const url = `${serverUrl.replace(/^http/, 'ws')}/ws`
  const client = await mqtt.connectAsync(url, {
    username,
    password,
    reconnectPeriod: 0,
    connectTimeout: 5000,
    ...options,
  })
  // An end of the connection from the other side is for the test to see, not for the process to die of.
  client.on('error', () => undefined)
  const received: Received[] = []
  client.on('message', (topic, payload, packet) => {
    const text = payload.toString()
    received.push({ topic, event: JSON.parse(text), qos: packet.qos, text })
  })
  return {
    client,
    received,
    async subscribe(topic, qos = 1) {
      const grants = await new Promise<readonly number[]>((resolve, reject) => {
        client.subscribe(topic, { qos }, (error, granted, packet) => {
          const codes = packet && 'granted' in packet ? packet.granted : granted?.map((grant) => grant.qos)
          if (codes !== undefined) resolve(codes.map(Number))
          else reject(error ?? new Error('no answer to SUBSCRIBE'))
        })
      })
      return grants
    },
    end: () => client.endAsync(true),
  }
}
