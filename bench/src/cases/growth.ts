import type { Lab } from '../lab/lab.ts'
import { Metrics } from '../lab/metrics.ts'
import { type Amounts, type Case, type Label, type Measure, scaled } from './case.ts'

const DEVICES = 1_000
/** So little that it is full before anything is measured, and trimmed all the time. */
const FULL_HISTORY = { HISTORY_BYTES_MAX: String(2 * 1024 * 1024) }
/** How far from each other what costs the same is measured. */
const TIE = 1.25

type Size = {
  readonly name: Label
  readonly registrations: number
  readonly endpointsPerUser: number
  readonly environment?: NodeJS.ProcessEnv
}

/** One thing grows at a time. */
const SIZES: readonly Size[] = [
  { name: (many) => `${many(1_000)} registrations`, registrations: 1_000, endpointsPerUser: 1 },
  {
    name: (many) => `${many(100_000)} registrations, one of each user`,
    registrations: 100_000,
    endpointsPerUser: 1,
  },
  { name: (many) => `${many(1_000_000)} registrations`, registrations: 1_000_000, endpointsPerUser: 1 },
  {
    name: (many) => `${many(100_000)} registrations, 10 of each user`,
    registrations: 100_000,
    endpointsPerUser: 10,
  },
  {
    name: (many) => `${many(100_000)} registrations, 100 of each user`,
    registrations: 100_000,
    endpointsPerUser: 100,
  },
  {
    name: (many) => `${many(100_000)} registrations, a full history`,
    ...{ registrations: 100_000, endpointsPerUser: 1 },
    environment: FULL_HISTORY,
  },
]

export const growth: Case = {
  name: 'growth',
  title: 'What a QoS 1 event to one endpoint costs as the server fills',
  measures: [
    ...SIZES.map(({ name }): Measure => ({ name, unit: 'µs' })),
    { name: 'the dearest by the cheapest', unit: '', target: { atMost: TIE } },
  ],
  hasReference: false,
  isLong: true,
  users: (amounts) => scaled(DEVICES, amounts),
  async run(lab, _subject, amounts) {
    const costs: number[] = []
    for (const size of SIZES) costs.push(await costUs(lab, amounts, size))
    return [...costs, Math.max(...costs) / Math.min(...costs)]
  },
}

/** Processor time of an event, microseconds. */
async function costUs(lab: Lab, amounts: Amounts, size: Size): Promise<number> {
  const { endpointsPerUser, environment } = size
  const devices = scaled(DEVICES, amounts)
  const registrations = Math.max(scaled(size.registrations, amounts), devices * endpointsPerUser)
  const folder = lab.newDataFolder()
  await lab.fill(folder, registrations, endpointsPerUser)
  try {
    await using server = await lab.startServer('rollcall', folder, environment)
    const found = (await Metrics.read(server)).value('rollcall_registrations')
    if (found !== registrations) throw new Error(`${found} registrations of ${registrations} are there`)
    await using receiver = lab.startReceiver()
    await lab.connect(receiver, server, { links: devices, stride: endpointsPerUser, endpointsPerUser })
    const sent = await lab.send(server, {
      work: { kind: 'send-event', qos: 1, devices, timed: false, endpointsPerUser },
      pace: { kind: 'back-to-back', ...amounts },
    })
    await lab.tally(receiver, sent)
    return (sent.serverCpuSeconds / sent.operations) * 1e6
  } finally {
    lab.removeDataFolder(folder)
  }
}
