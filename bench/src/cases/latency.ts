import type { Lab, Subject } from '../lab/lab.ts'
import { percentile } from '../report/statistics.ts'
import { type Amounts, type Case, type Figures, scaled } from './case.ts'
import { connectDevices, openServer } from './devices.ts'

const DEVICES = 1_000
const PER_SECOND = 2_000

export const latency: Case = {
  name: 'latency',
  title: 'From sending to receipt at 2,000 events/s, open loop',
  measures: [
    {
      name: 'QoS 0, p50',
      unit: 'µs',
      target: { atMost: 300 },
      elsewhere: 'Nchan 56–71; NATS 75–85; Mosquitto 169–175',
    },
    {
      name: 'QoS 0, p99',
      unit: 'µs',
      target: { atMost: 3_000 },
      elsewhere: 'Nchan 235–380; NATS 520–635; Mosquitto 1,100–1,500',
    },
    { name: 'QoS 1 durable, p50', unit: 'µs', target: { atMost: 1_000 } },
    { name: 'QoS 1 durable, p99', unit: 'µs', target: { atMost: 5_000 } },
  ],
  hasReference: true,
  isLong: false,
  users: (amounts) => scaled(DEVICES, amounts),
  run: async (lab, subject, amounts) => [
    ...(await run(lab, subject, amounts, 0)),
    ...(await run(lab, subject, amounts, 1)),
  ],
}

async function run(lab: Lab, subject: Subject, amounts: Amounts, qos: 0 | 1): Promise<Figures> {
  const devices = scaled(DEVICES, amounts)
  await using opened = await openServer(lab, subject)
  await using receiver = await connectDevices(lab, opened.server, devices)
  const sent = await lab.send(opened.server, {
    work: { kind: 'send-event', qos, devices, timed: true },
    pace: { kind: 'steady', perSecond: PER_SECOND, ...amounts },
  })
  const { latenciesUs } = await lab.tally(receiver, sent)
  return [percentile(latenciesUs, 50), percentile(latenciesUs, 99)]
}
