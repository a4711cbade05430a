import { type Case, scaled } from './case.ts'
import { openServer } from './devices.ts'
import { throughputFigures, throughputMeasures } from './throughput.ts'

const USERS = 10_000
/** Above what a fast machine gets to in the longest run. */
const ENDPOINTS_PER_USER_MAX = '10000'

export const register: Case = {
  name: 'register',
  title: (many) => `POST register, new endpoints of ${many(USERS)} users in turn, durable before the answer`,
  measures: throughputMeasures({ atLeast: 12_000 }, 'Kamailio, in memory: 20,500'),
  hasReference: true,
  isLong: false,
  users: (amounts) => scaled(USERS, amounts),
  async run(lab, subject, amounts) {
    await using opened = await openServer(lab, subject, { ENDPOINTS_PER_USER_MAX })
    const sent = await lab.send(opened.server, {
      work: { kind: 'register', share: { users: scaled(USERS, amounts) } },
      pace: { kind: 'back-to-back', ...amounts },
    })
    return throughputFigures(sent)
  },
}
