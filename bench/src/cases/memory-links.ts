import { settledMemory } from '../lab/settled-memory.ts'
import { type Case, scaled } from './case.ts'
import { connectDevices, ONE_ORGANIZATION, openServer, registerEndpoints } from './devices.ts'

const LINKS = 10_000
/** Links that come and go before anything is measured, so that the paths are compiled and the heap has grown. */
const REHEARSED = 1_000

export const memoryLinks: Case = {
  name: 'memory-links',
  title: (many) => `Memory of an idle link, ${many(LINKS)} links of as many users`,
  measures: [
    {
      name: 'memory of a link',
      unit: 'bytes',
      target: { atMost: 6_500 },
      elsewhere:
        'bare ws 6,250; Mosquitto 6,280; ws + MQTT session 7,500; Nchan 11,500; Socket.IO 16,000; Aedes 22,500',
    },
    {
      name: 'connects',
      unit: '/CPU-s',
      elsewhere: 'bare ws 7,000; Mosquitto 6,800; ws + MQTT session 5,000',
    },
  ],
  hasReference: true,
  isLong: false,
  users: (amounts) => scaled(LINKS, amounts),
  async run(lab, subject, amounts) {
    const links = scaled(LINKS, amounts)
    await using opened = await openServer(lab, subject, ONE_ORGANIZATION)
    const { server } = opened
    await registerEndpoints(lab, server, links)
    {
      await using _rehearsal = await connectDevices(lab, server, scaled(REHEARSED, amounts))
    }
    const before = await settledMemory(server.pid)
    await using receiver = lab.startReceiver()
    const connected = await lab.connect(receiver, server, { links, stride: 1, endpointsPerUser: 1 })
    const after = await settledMemory(server.pid)
    return [(after.residentBytes - before.residentBytes) / links, links / connected.serverCpuSeconds]
  },
}
