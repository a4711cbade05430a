import { type Case, scaled } from '../case.ts'
import { openServer } from '../devices.ts'
import { STORE_MEASURES, storeFigures } from './throughput.ts'

const USERS = 2_000

export const comeAndGo: Case = {
  name: 'redis-register',
  title: 'POST register of a new endpoint and POST unregister of it in turn, 2,000 users, each counted',
  measures: STORE_MEASURES,
  hasReference: false,
  onRedis: 'too',
  isLong: false,
  users: (amounts) => scaled(USERS, amounts),
  async run(lab, subject, amounts) {
    await using opened = await openServer(lab, subject)
    const sent = await lab.send(opened.server, {
      work: { kind: 'come-and-go', users: scaled(USERS, amounts) },
      pace: { kind: 'back-to-back', ...amounts },
    })
    return storeFigures(sent)
  },
}
