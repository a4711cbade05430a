import type { Lab, Subject } from '../../lab/lab.ts'
import type { SenderResult } from '../../load/messages.ts'
import type { Amounts, Case } from '../case.ts'
import { openServer, registerEndpoints } from '../devices.ts'
import { storeCase } from './store-case.ts'

const USERS = 500

/** Every mailbox has a link, whose device acknowledges; each event has to arrive at each of them, once. */
function appendCase(mailboxes: 1 | 3): Case {
  const to = mailboxes === 1 ? 'one mailbox' : `${mailboxes} mailboxes`
  return storeCase({
    name: `redis-append-${mailboxes}`,
    title: (many) =>
      `POST sendEvent at QoS 1 to a user with ${to}, ${many(USERS)} users, durable before the answer`,
    users: USERS,
    send: (lab, subject, amounts, users) => send(lab, subject, amounts, { users, mailboxes }),
  })
}

type Shape = { readonly users: number; readonly mailboxes: number }

async function send(
  lab: Lab,
  subject: Subject,
  amounts: Amounts,
  { users, mailboxes }: Shape,
): Promise<SenderResult> {
  await using opened = await openServer(lab, subject)
  const { server } = opened
  await registerEndpoints(lab, server, users * mailboxes, mailboxes)
  const receivers = Array.from({ length: mailboxes }, () => lab.startReceiver())
  try {
    const shape = { links: users, stride: mailboxes, endpointsPerUser: mailboxes }
    for (const [first, receiver] of receivers.entries())
      await lab.connect(receiver, server, { ...shape, first })
    const sent = await lab.send(server, {
      work: { kind: 'send-event', qos: 1, devices: users, timed: false, mailboxes },
      pace: { kind: 'back-to-back', ...amounts },
    })
    for (const receiver of receivers) await lab.tally(receiver, sent)
    return sent
  } finally {
    for (const receiver of receivers) await receiver[Symbol.asyncDispose]()
  }
}

export const append1 = appendCase(1)
export const append3 = appendCase(3)
