import { freePort } from '../../lab/free-port.ts'
import { openServer, registerEndpoints } from '../devices.ts'
import { sendKeepalives } from '../keepalive.ts'
import { storeCase } from './store-case.ts'

export const posted = storeCase({
  name: 'redis-keepalive',
  title: 'POST keepalive of 2,000 users in turn',
  users: 2_000,
  send: sendKeepalives,
})

export const overLinks = storeCase({
  name: 'redis-keepalive-link',
  title: 'A keepalive published over each of 1,000 links, MQTT over TCP, QoS 1, one under way on each',
  users: 1_000,
  async send(lab, subject, amounts, links) {
    const mqttPort = await freePort()
    await using opened = await openServer(lab, subject, { MQTT_PORT: String(mqttPort) })
    await registerEndpoints(lab, opened.server, links)
    const work = { kind: 'link-keepalive', mqttPort } as const
    return await lab.send(opened.server, { work, pace: { kind: 'back-to-back', ...amounts } }, links)
  },
})
