import { RECEIVE_MAXIMUM } from '@rollcall/protocol/limits'
import { freePort } from '../lab/free-port.ts'
import type { Lab, Subject } from '../lab/lab.ts'
import type { Server } from '../lab/server.ts'
import type { WorkPlan } from '../load/messages.ts'
import { type Amounts, type Case, type Figures, type Label, type Measure, scaled } from './case.ts'
import { connectDevices, openServer } from './devices.ts'

const DEVICES = 1_000
const BULK_EVENTS = 100
/** A busy backend has a few connections, and on each as many events under way as CONNACK allows. */
const PUBLISHERS = 4

type Qos = 0 | 1
type Lane = {
  readonly name: string
  readonly title: Label
  readonly targets: readonly [qos0: number, qos1: number]
  /** Connections, each with one request under way; the lab's where absent. */
  readonly slots?: number
  readonly work: (qos: Qos, devices: number, mqttPort: number) => WorkPlan
}

/** Ways for a busy backend to send more events than one a request: compare with `qos0` and `qos1`. */
function fastLane(lane: Lane): Case {
  return {
    name: lane.name,
    title: lane.title,
    measures: ([0, 1] as const).flatMap((qos) => measuresOf(qos, lane.targets[qos])),
    hasReference: false,
    isLong: false,
    users: (amounts) => scaled(DEVICES, amounts),
    run: async (lab, subject, amounts) => [
      ...(await run(lane, lab, subject, amounts, 0)),
      ...(await run(lane, lab, subject, amounts, 1)),
    ],
  }
}

function measuresOf(qos: Qos, target: number): readonly Measure[] {
  return [
    { name: `QoS ${qos}, work`, unit: '/CPU-s', target: { atLeast: target } },
    { name: `QoS ${qos}, rate`, unit: '/s' },
  ]
}

async function run(lane: Lane, lab: Lab, subject: Subject, amounts: Amounts, qos: Qos): Promise<Figures> {
  const devices = scaled(DEVICES, amounts)
  const mqttPort = await freePort()
  await using opened = await openServer(lab, subject, { MQTT_PORT: String(mqttPort) })
  await using receiver = await connectDevices(lab, opened.server, devices)
  const sent = await send(lane, lab, opened.server, lane.work(qos, devices, mqttPort), amounts)
  await lab.tally(receiver, sent)
  return [sent.operations / sent.serverCpuSeconds, sent.operations / sent.wallSeconds]
}

function send({ slots }: Lane, lab: Lab, server: Server, work: WorkPlan, amounts: Amounts) {
  return lab.send(server, { work, pace: { kind: 'back-to-back', ...amounts } }, slots)
}

export const bulk = fastLane({
  name: 'bulk',
  title: (many) => `POST sendEvents, ${BULK_EVENTS} events a request, each to 1 of ${many(DEVICES)} links`,
  targets: [18_000, 12_000],
  work: (qos, devices) => ({ kind: 'send-events', qos, devices, batch: BULK_EVENTS }),
})

export const mqttIngress = fastLane({
  name: 'mqtt-ingress',
  title: (many) => `A backend's PUBLISH over TCP at the event's own QoS, each to 1 of ${many(DEVICES)} links`,
  targets: [18_000, 12_000],
  slots: PUBLISHERS,
  work: (qos, devices, mqttPort) => ({ kind: 'publish', qos, devices, batch: RECEIVE_MAXIMUM, mqttPort }),
})
