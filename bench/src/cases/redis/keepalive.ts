import { freePort } from '../../lab/free-port.ts'
import { type Case, scaled } from '../case.ts'
import { openServer, registerEndpoints } from '../devices.ts'
import { STORE_MEASURES, storeFigures } from './throughput.ts'

const USERS = 2_000
const LINKS = 1_000

export const posted: Case = {
  name: 'redis-keepalive',
  title: 'POST keepalive of 2,000 users in turn',
  measures: STORE_MEASURES,
  hasReference: false,
  onRedis: 'too',
  isLong: false,
  users: (amounts) => scaled(USERS, amounts),
  async run(lab, subject, amounts) {
    const users = scaled(USERS, amounts)
    await using opened = await openServer(lab, subject)
    await registerEndpoints(lab, opened.server, users)
    const sent = await lab.send(opened.server, {
      work: { kind: 'keepalive', users },
      pace: { kind: 'back-to-back', ...amounts },
    })
    return storeFigures(sent)
  },
}

export const overLinks: Case = {
  name: 'redis-keepalive-link',
  title: 'A keepalive published over each of 1,000 links, MQTT over TCP, QoS 1, one under way on each',
  measures: STORE_MEASURES,
  hasReference: false,
  onRedis: 'too',
  isLong: false,
  users: (amounts) => scaled(LINKS, amounts),
  async run(lab, subject, amounts) {
    const links = scaled(LINKS, amounts)
    const mqttPort = await freePort()
    await using opened = await openServer(lab, subject, { MQTT_PORT: String(mqttPort) })
    await registerEndpoints(lab, opened.server, links)
    const work = { kind: 'link-keepalive', mqttPort } as const
    const sent = await lab.send(opened.server, { work, pace: { kind: 'back-to-back', ...amounts } }, links)
    return storeFigures(sent)
  },
}
