import type { TestContext } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { uuidMaker } from '../../server/src/clock/clock.ts'
import { carryTidings, createDelivery, parseSendEvent } from '../../server/src/delivery/delivery.ts'
import { createSealer } from '../../server/src/masks/masks.ts'
import { Statistics } from '../../server/src/observe/observe.ts'
import { createRegistrar } from '../../server/src/registrar/registrar.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import type { Store } from '../../server/src/store/store.ts'
import { createDice } from '../sim/dice.ts'
import { BACKEND, eventsTaken, recordingLink } from './delivery-scene.ts'
import { createFakeClock, seededRandom } from './fake-clock.ts'
import { noLimits } from './no-limits.ts'
import { MemoryNodeTable, SimulatedNetwork } from './simulated-network.ts'
import { SimulatedNode } from './simulated-node.ts'

export const ALICE = { organizationId: 'acme', userId: 'alice' }
export const AT = '2026-01-01T00:00:00Z'
const ignore = () => undefined

/** Two processes of one service over one store and a network that is as bad as it is told to be. */
export async function openTwo(t: TestContext, wrap: (store: Store) => Store = (store) => store) {
  const clock = createFakeClock()
  const memory = createMemoryStore({ clock })
  const network = new SimulatedNetwork(clock, createDice(1))
  const table = new MemoryNodeTable(clock)
  const random = seededRandom('nodes')
  const newId = uuidMaker(clock, random)
  const open = async (name: string) => {
    const node = new SimulatedNode({
      ...{ name, clock, network, table },
      putAway: async (dead) => store.neighbours?.bury(dead),
    })
    const { cluster } = node
    const answers = { areLost: false }
    const carry = carryTidings(cluster)
    // They come with the answer.
    const onTiding: typeof carry = (...tiding) => answers.areLost || carry(...tiding)
    const store = wrap(
      losing(
        memory.openFor(() => cluster.nodes.self, onTiding),
        answers,
      ),
    )
    const metrics = {
      ...{ eventAccepted: ignore, eventOutcome: ignore, deliveryMs: ignore, reminderSent: ignore },
      ...{ masksTook: ignore, expiryLatenessMs: ignore, registrationEnded: ignore },
    }
    const common = {
      ...{ store, newId, metrics, clock: node.clock, log: { error: ignore } },
      statistics: new Statistics(0),
    }
    const delivery = createDelivery({
      ...{ ...common, cluster, organizationOf: ignore, quotas: noLimits() },
      sealer: createSealer(Buffer.alloc(32), random),
      limits: { mailboxEventsMax: 1000, mailboxBytesMax: 1e6 },
    })
    const registrar = createRegistrar({
      ...common,
      limits: { keepAliveSecondsMax: 3600, endpointsPerUserMax: 10 },
      mayEvict: false,
      onRegistered: (registration) => delivery.endpointRegistered(registration),
      onReminderDue: (registration) => delivery.remind(registration),
      onExpired: (registration) => delivery.endpointGone(registration, 'expired'),
      onUnregistered: (registration) => delivery.endpointGone(registration, 'unregistered'),
      onLapsed: (entries) => delivery.entriesLapsed(entries),
    })
    registrar.start()
    await node.membership.start()
    t.after(async () => {
      node.clock.goOn()
      delivery.close()
      await registrar.close()
      await node.membership.close()
    })
    return { node, cluster, store, answers, delivery, registrar, statistics: common.statistics }
  }
  const [here, there] = [await open('here'), await open('there')]
  const register = async (userEndpointId = 'phone', keepAliveSeconds = 600, user = ALICE) =>
    here.registrar.register(
      user,
      { userEndpointId, keepAliveSeconds, serverKeepAliveReminderOn: true },
      Number.POSITIVE_INFINITY,
    )
  const attach = async (at: typeof here, registration: Awaited<ReturnType<typeof register>>) => {
    const link = recordingLink()
    const attachment = at.delivery.attach(registration, link)
    await attachment.attached
    attachment.start()
    await clock.advance(5)
    return { ...link, ids: () => eventsTaken(link) }
  }
  return { clock, network, memory, here, there, register, attach }
}

/** A store whose answers to some operations do not come, while they are lost: the operation has come about. */
function losing(store: Store, answers: { readonly areLost: boolean }): Store {
  const { mailboxes } = store
  const lose = async <Answer>(answer: Promise<Answer>): Promise<Answer> => {
    const known = await answer
    if (answers.areLost) throw new RollcallError('unavailable', undefined, { isUndecided: true })
    return known
  }
  return {
    ...store,
    mailboxes: {
      ...mailboxes,
      append: (request) => lose(mailboxes.append(request)),
      end: (...what) => lose(mailboxes.end(...what)),
    },
  }
}

export type Two = Awaited<ReturnType<typeof openTwo>>

export function command(id: string, more: object = {}) {
  const event = { id, type: 'CallOfferedEvent', timestamp: AT, card: '4111' }
  return parseSendEvent(Buffer.from(JSON.stringify({ userId: 'alice', qos: 1, event, ...more })))
}

/** Sends as a backend, at one of them. */
export function send({ delivery }: Two['here'], id: string, more: object = {}) {
  return delivery.sendEvent(BACKEND, command(id, more))
}
