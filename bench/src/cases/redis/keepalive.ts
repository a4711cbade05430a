import { freePort } from '../../lab/free-port.ts'
import { openServer, registerEndpoints } from '../devices.ts'
import { sendKeepalives } from '../keepalive.ts'
import { storeCase } from './store-case.ts'

const USERS = 2_000
const LINKS = 1_000

export const posted = storeCase({
  name: 'redis-keepalive',
  title: (many) => `POST keepalive of ${many(USERS)} users in turn`,
  users: USERS,
  send: sendKeepalives,
})

export const overLinks = storeCase({
  name: 'redis-keepalive-link',
  title: (many) =>
    `A keepalive published over each of ${many(LINKS)} links, MQTT over TCP, QoS 1, one under way on each`,
  users: LINKS,
  async send(lab, subject, amounts, links) {
    const mqttPort = await freePort()
    await using opened = await openServer(lab, subject, { MQTT_PORT: String(mqttPort) })
    await registerEndpoints(lab, opened.server, links)
    const work = { kind: 'link-keepalive', mqttPort } as const
    return await lab.send(opened.server, { work, pace: { kind: 'back-to-back', ...amounts } }, links)
  },
})
