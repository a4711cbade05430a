import { setTimeout as sleep } from 'node:timers/promises'
import { nodeName } from '../helpers/nodes.ts'
import { RedisServer } from '../helpers/redis-server.ts'
import { eventually } from '../helpers/run-server.ts'
import { type Loss, type LossScene, THINKING_MS, violatedIn } from './loss-scene.ts'

const ONE = { isCluster: false }
const TRIES = 8

/** What is lost where a process dies, or a message between two. */
export const LOSSES_OF_NODES: readonly Loss[] = [acknowledgements(), onTheWay(), messages()]

function acknowledgements(): Loss {
  let eventId: string | undefined
  return {
    what: 'A Rollcall process dies: acknowledgements of its last moments (those events come again)',
    options: ONE,
    async provoke(scene) {
      await connectAt(scene, 0, 0)
      eventId = await scene.sendTo(0)
      await eventually(() => scene.timesOf(eventId) === 1, 'the event')
      // Before its PUBACK, which nobody reads any more.
      await dying(scene, 0, () =>
        eventually(() => scene.acknowledgements.has(eventId ?? ''), 'the acknowledgement'),
      )
    },
    judge: async (scene, verdict) => {
      const times = scene.timesOf(eventId)
      const wrong = violatedIn(verdict)
      return times === 2 && wrong === '' ? undefined : `it came ${times} times; ${wrong}`
    },
  }
}

function onTheWay(): Loss {
  let eventId: string | undefined
  return {
    what: 'A Rollcall process dies: QoS 0 events on their way',
    options: ONE,
    async provoke(scene) {
      await connectAt(scene, 0, 0)
      await dying(scene, 0, async () => {
        scene.run.pinned = 1
        eventId = await scene.sendTo(0, 0)
      })
    },
    judge: async (scene, verdict) => {
      if (eventId === undefined) return 'it was not answered'
      const wrong = violatedIn(verdict)
      return scene.timesOf(eventId) === 0 && wrong === '' ? undefined : `it came; ${wrong}`
    },
  }
}

function messages(): Loss {
  const lost: (string | undefined)[] = []
  const late: (string | undefined)[] = []
  let slowestMs = 0
  return {
    what: 'A message between processes: QoS 0 is lost with it, QoS 1 found within two seconds',
    options: ONE,
    async provoke(scene) {
      await connectAt(scene, 0, 0)
      const back = scene.run.crowd.recorder.fault('messages_lost')
      const { redis } = scene.run.service.nodes
      if (!(redis instanceof RedisServer)) return
      for (let tries = 0; tries < TRIES; tries++) {
        await scene.run.crowd.devices[0]?.keepalive()
        await redis.command('CLIENT KILL TYPE pubsub')
        lost.push(await scene.sendTo(0, 0))
        const atMs = performance.now()
        const eventId = await scene.sendTo(0)
        late.push(eventId)
        await eventually(() => scene.timesOf(eventId) > 0, 'the event')
        slowestMs = Math.max(slowestMs, performance.now() - atMs)
      }
      back()
    },
    judge: async (scene, verdict) => {
      const gone = lost.filter((id) => id !== undefined && scene.timesOf(id) === 0).length
      const wrong = violatedIn(verdict)
      // Its PUBACKs take their time, and are waited for.
      const isSoon = slowestMs < 3_000 + THINKING_MS
      if (gone > 0 && isSoon && wrong === '') return undefined
      return `${gone} of ${TRIES} lost, the slowest came after ${slowestMs.toFixed(0)} ms; ${wrong}`
    },
  }
}

/** A node stands still before it dies, and is there again afterwards. @param meanwhile before it is dead */
async function dying(scene: LossScene, index: number, meanwhile: () => Promise<void>): Promise<void> {
  const { service, crowd, troubles } = scene.run
  const back = crowd.recorder.fault('node_died', nodeName(index))
  service.nodes.at(index).signal('SIGSTOP')
  await meanwhile()
  await service.nodes.at(index).kill()
  await service.nodes.startOne(index)
  await troubles.scene.ready(index)
  back()
}

/** The link is at one node, and senders are at the other. */
async function connectAt(scene: LossScene, index: number, node: number): Promise<void> {
  scene.run.pinned = node
  await scene.run.crowd.devices[index]?.connect()
  scene.run.pinned = 1 - node
  // Both have heard of each other.
  await sleep(1_000)
}
