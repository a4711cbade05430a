import { openServer } from '../devices.ts'
import { storeCase } from './store-case.ts'

export const comeAndGo = storeCase({
  name: 'redis-register',
  title: 'POST register of a new endpoint and POST unregister of it in turn, 2,000 users, each counted',
  users: 2_000,
  async send(lab, subject, amounts, users) {
    await using opened = await openServer(lab, subject)
    return await lab.send(opened.server, {
      work: { kind: 'come-and-go', users },
      pace: { kind: 'back-to-back', ...amounts },
    })
  },
})
