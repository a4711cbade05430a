import type { Lab } from '../lab/lab.ts'
import type { Server } from '../lab/server.ts'
import type { PacePlan } from '../load/messages.ts'
import { contextSwitches } from '../machine/process-usage.ts'
import { percentile } from '../report/statistics.ts'
import { type Case, type Figures, type Measure, scaled } from './case.ts'
import { connectDevices, openServer } from './devices.ts'

const DEVICES = 2_000
/** Events of each device before anything is measured. */
const REHEARSED = 100
const RATES = [
  { perSecond: 500, coresMax: 0.2 },
  { perSecond: 2_000, coresMax: 0.5 },
]
const P50_US_MAX = 1_000
const P99_US_MAX = 5_000

type SteadyPace = Extract<PacePlan, { kind: 'steady' }>

export const ordinary: Case = {
  name: 'ordinary',
  title: (many) =>
    `What the rates of every day take: POST sendEvent to 1 of ${many(DEVICES)} links, QoS 1, open loop`,
  measures: RATES.flatMap(measuresAt),
  hasReference: false,
  isLong: false,
  users: (amounts) => scaled(DEVICES, amounts),
  async run(lab, subject, amounts) {
    const devices = scaled(DEVICES, amounts)
    await using opened = await openServer(lab, subject)
    await rehearse(lab, opened.server, devices)
    const figures: number[] = []
    for (const { perSecond } of RATES)
      figures.push(...(await run(lab, opened.server, devices, { kind: 'steady', perSecond, ...amounts })))
    return figures
  },
}

function measuresAt({ perSecond, coresMax }: (typeof RATES)[number]): readonly Measure[] {
  const rate = `${perSecond.toLocaleString('en')}/s`
  return [
    { name: `${rate}, processor`, unit: 'cores', target: { atMost: coresMax } },
    { name: `${rate}, p50`, unit: 'µs', target: { atMost: P50_US_MAX } },
    { name: `${rate}, p99`, unit: 'µs', target: { atMost: P99_US_MAX } },
    { name: `${rate}, context switches`, unit: '/s' },
  ]
}

async function run(lab: Lab, server: Server, devices: number, pace: SteadyPace): Promise<Figures> {
  await using receiver = await connectDevices(lab, server, devices)
  const before = contextSwitches(server.pid)
  const sent = await lab.send(server, {
    work: { kind: 'send-event', qos: 1, devices, timed: true },
    pace,
  })
  const switches = contextSwitches(server.pid) - before
  const { latenciesUs } = await lab.tally(receiver, sent)
  return [
    sent.serverCpuSeconds / sent.wallSeconds,
    percentile(latenciesUs, 50),
    percentile(latenciesUs, 99),
    (switches / sent.issued) * pace.perSecond,
  ]
}

/** What is sent at full speed first, so that the server is as compiled as one that has run for a day. */
async function rehearse(lab: Lab, server: Server, devices: number): Promise<void> {
  await using receiver = await connectDevices(lab, server, devices)
  const sent = await lab.send(server, {
    work: { kind: 'send-event', qos: 1, devices, timed: false },
    pace: { kind: 'count', count: REHEARSED * devices },
  })
  await lab.tally(receiver, sent)
}
