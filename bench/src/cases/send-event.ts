import type { Lab, Subject } from '../lab/lab.ts'
import { mosquitto } from '../peers/mosquitto.ts'
import { nchan } from '../peers/nchan.ts'
import { type Amounts, type Bound, type Case, type Figures, type Label, scaled } from './case.ts'
import { connectDevices, openServer } from './devices.ts'
import { throughputFigures, throughputMeasures } from './throughput.ts'

const DEVICES = 1_000

function sendEventCase(name: string, title: Label, qos: 0 | 1, target: Bound, elsewhere: string): Case {
  return {
    name,
    title,
    measures: throughputMeasures(target, elsewhere),
    hasReference: true,
    peer: qos === 0 ? nchan : mosquitto,
    isLong: false,
    users: (amounts) => scaled(DEVICES, amounts),
    run: (lab, subject, amounts) => run(lab, subject, amounts, qos),
  }
}

async function run(lab: Lab, subject: Subject, amounts: Amounts, qos: 0 | 1): Promise<Figures> {
  const devices = scaled(DEVICES, amounts)
  await using opened = await openServer(lab, subject)
  await using receiver = await connectDevices(lab, opened.server, devices)
  const sent = await lab.send(opened.server, {
    work: { kind: 'send-event', qos, devices, timed: false },
    pace: { kind: 'back-to-back', ...amounts },
  })
  await lab.tally(receiver, sent)
  return throughputFigures(sent)
}

export const qos0 = sendEventCase(
  'qos0',
  (many) => `POST sendEvent to 1 of ${many(DEVICES)} links, QoS 0`,
  0,
  { atLeast: 18_000 },
  'Nchan (C) 47,000; bare Fastify + ws 21,700; Socket.IO behind node:http 16,000',
)

export const qos1 = sendEventCase(
  'qos1',
  (many) => `POST sendEvent to 1 of ${many(DEVICES)} links, QoS 1, durable before the answer`,
  1,
  { atLeast: 12_000 },
  'not durable: Mosquitto 29,000, bare Fastify + ws 15,200, Aedes 11,800; durable: NATS over MQTT 2,400',
)
