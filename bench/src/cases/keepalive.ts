import { kamailio } from '../peers/kamailio.ts'
import { type Case, scaled } from './case.ts'
import { openServer, registerEndpoints } from './devices.ts'
import { throughputFigures, throughputMeasures } from './throughput.ts'

const USERS = 2_000

export const keepalive: Case = {
  name: 'keepalive',
  title: 'POST keepalive, 2,000 bearer tokens (RS256) in turn',
  measures: throughputMeasures(
    { atLeast: 28_000 },
    'nginx answering 204: 121,000; Fastify with a verified-token cache 35,700; Kamailio REGISTER refresh 30,000',
  ),
  hasReference: true,
  peer: kamailio,
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
    return throughputFigures(sent)
  },
}
