import type { Lab, Subject } from '../lab/lab.ts'
import type { SenderResult } from '../load/messages.ts'
import { kamailio } from '../peers/kamailio.ts'
import { type Amounts, type Case, scaled } from './case.ts'
import { openServer, registerEndpoints } from './devices.ts'
import { throughputFigures, throughputMeasures } from './throughput.ts'

const USERS = 2_000

export const keepalive: Case = {
  name: 'keepalive',
  title: (many) => `POST keepalive, ${many(USERS)} bearer tokens (RS256) in turn`,
  measures: throughputMeasures(
    { atLeast: 28_000 },
    'nginx answering 204: 121,000; Fastify with a verified-token cache 35,700; Kamailio REGISTER refresh 30,000',
  ),
  hasReference: true,
  peer: kamailio,
  isLong: false,
  users: (amounts) => scaled(USERS, amounts),
  run: async (lab, subject, amounts) =>
    throughputFigures(await sendKeepalives(lab, subject, amounts, scaled(USERS, amounts))),
}

/** Those of so many users, who have an endpoint each, to a server of its own. */
export async function sendKeepalives(
  lab: Lab,
  subject: Subject,
  amounts: Amounts,
  users: number,
): Promise<SenderResult> {
  await using opened = await openServer(lab, subject)
  await registerEndpoints(lab, opened.server, users)
  return await lab.send(opened.server, {
    work: { kind: 'keepalive', users },
    pace: { kind: 'back-to-back', ...amounts },
  })
}
