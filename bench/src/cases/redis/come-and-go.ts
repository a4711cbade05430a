import { openServer } from '../devices.ts'
import { storeCase } from './store-case.ts'

const USERS = 2_000

export const comeAndGo = storeCase({
  name: 'redis-register',
  title: (many) =>
    `POST register of a new endpoint and POST unregister of it in turn, ${many(USERS)} users, each counted`,
  users: USERS,
  async send(lab, subject, amounts, users) {
    await using opened = await openServer(lab, subject)
    return await lab.send(opened.server, {
      work: { kind: 'come-and-go', users },
      pace: { kind: 'back-to-back', ...amounts },
    })
  },
})
