import { requestToken } from '@rollcall/client/client'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { call } from '../helpers/call.ts'
import type { ServerProcess } from '../helpers/run-server.ts'
import { SECRET } from './directory.ts'

/** A device in the pictures. */
type Device = {
  readonly user: string
  readonly id: string
  /** How it is connected; `away`: registered, and not connected. */
  readonly over: 'websocket' | 'tcp' | 'away'
  readonly version?: 4 | 5
  readonly userAgent?: string
  readonly keepAliveSeconds?: number
  /** How long it thinks before it acknowledges. */
  readonly thinksMs?: number
}

const PHONE = 'Acme/5.2 (iPhone; iOS 26.1)'
const ANDROID = 'Acme/5.2 (Pixel 10; Android 16)'
const BROWSER =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

const DEVICES: readonly Device[] = [
  { user: 'bob', id: 'bobs-phone', over: 'websocket', userAgent: PHONE, thinksMs: 24, keepAliveSeconds: 120 },
  { user: 'bob', id: 'bobs-desk-phone', over: 'tcp', version: 4, thinksMs: 9, keepAliveSeconds: 3600 },
  { user: 'bob', id: 'bobs-tablet', over: 'away', keepAliveSeconds: 900 },
  { user: 'alice', id: 'alices-laptop', over: 'websocket', userAgent: BROWSER, thinksMs: 6 },
  { user: 'alice', id: 'alices-phone', over: 'websocket', userAgent: ANDROID, thinksMs: 38 },
  { user: 'carla', id: 'carlas-phone', over: 'websocket', userAgent: PHONE, thinksMs: 19 },
  { user: 'dmitri', id: 'dmitris-door', over: 'tcp', version: 4, thinksMs: 12 },
  { user: 'emma', id: 'emmas-tablet', over: 'websocket', userAgent: ANDROID, thinksMs: 55 },
  { user: 'farid', id: 'farids-phone', over: 'websocket', userAgent: ANDROID, thinksMs: 27 },
  { user: 'grace', id: 'graces-browser', over: 'websocket', userAgent: BROWSER, thinksMs: 4 },
  { user: 'grace', id: 'graces-watch', over: 'away', keepAliveSeconds: 600 },
  { user: 'hugo', id: 'hugos-phone', over: 'websocket', userAgent: PHONE, thinksMs: 41 },
  // Registered for less time than the pictures take: these are seen to expire.
  { user: 'nora', id: 'noras-old-phone', over: 'away', keepAliveSeconds: 25 },
  { user: 'nora', id: 'noras-browser', over: 'away', keepAliveSeconds: 45 },
]

const KEEP_ALIVE_MS = 40_000

/** Users to whom everyday traffic goes. */
export const CROWD: readonly string[] = ['alice', 'carla', 'dmitri', 'emma', 'farid', 'hugo']

/** Registers and connects them all; returns how to disconnect them. */
export async function connectDevices(server: ServerProcess, mqttPort: number): Promise<() => Promise<void>> {
  const clients: MqttClient[] = []
  for (const device of DEVICES) {
    const { accessToken } = await requestToken({
      url: server.url,
      clientId: 'customer',
      grant: { type: 'password', username: device.user, password: SECRET },
    })
    const command = { userEndpointId: device.id, keepAliveSeconds: device.keepAliveSeconds ?? 600 }
    await call(server.url, accessToken, 'POST users/endpoints/register', command)
    if (device.over !== 'away') clients.push(await connect(server.url, mqttPort, device, accessToken))
  }
  return async () => {
    await Promise.all(clients.map((client) => client.endAsync(true)))
  }
}

async function connect(
  serverUrl: string,
  mqttPort: number,
  { user, id, over, version = 5, userAgent, thinksMs = 0 }: Device,
  password: string,
): Promise<MqttClient> {
  const options: IClientOptions = {
    username: user,
    password,
    clientId: `${id}-1`,
    protocolVersion: version,
    reconnectPeriod: 0,
    ...(userAgent === undefined ? {} : { wsOptions: { headers: { 'user-agent': userAgent } } }),
  }
  const url = over === 'tcp' ? `mqtt://127.0.0.1:${mqttPort}` : `${serverUrl.replace(/^http/, 'ws')}/ws`
  const client = await mqtt.connectAsync(url, options)
  client.on('error', () => undefined)
  // Acknowledged once this has called back: devices take their time, and not always the same.
  client.handleMessage = (_packet, done) => {
    setTimeout(done, thinksMs * (0.6 + Math.random()))
  }
  await client.subscribeAsync(`users/endpoints/${id}`, { qos: 1 })
  const timer = setInterval(() => client.publish(`users/endpoints/${id}/keepalive`, ''), KEEP_ALIVE_MS)
  client.on('close', () => clearInterval(timer))
  return client
}
