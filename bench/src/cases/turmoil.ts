import type { Lab } from '../lab/lab.ts'
import { Metrics } from '../lab/metrics.ts'
import type { Server } from '../lab/server.ts'
import type { Worker } from '../lab/worker.ts'
import { percentile } from '../report/statistics.ts'
import { type Amounts, type Case, scaled } from './case.ts'
import { ONE_ORGANIZATION } from './devices.ts'

const LINKS = 10_000
/** Beside the one with the link: 100,000 that expire. */
const OTHERS = 10
const PER_SECOND = 2_000
/** After the start of the server, which gives everybody a full period. Until then links are opened. */
const EXPIRE_AFTER_SECONDS = 25
const FULL_HISTORY = { HISTORY_BYTES_MAX: String(2 * 1024 * 1024) }
const TARGET = { atMost: 25 }

type Trouble = {
  readonly name: string
  /** Endpoints of each user, of which all but the first expire meanwhile. */
  readonly endpointsPerUser: number
  readonly environment: NodeJS.ProcessEnv
  /** So much longer, for what is to happen meanwhile, seconds. */
  readonly longerSeconds: number
  /** What happens besides while events are sent. */
  readonly meanwhile: (lab: Lab, server: Server, receiver: Worker) => Promise<void>
}

const NOTHING = async (): Promise<void> => undefined
const QUIET = { endpointsPerUser: 1, environment: {}, longerSeconds: 0, meanwhile: NOTHING }
const TROUBLES: readonly Trouble[] = [
  { ...QUIET, name: 'nothing else, p99' },
  {
    ...{ ...QUIET, name: '100,000 registrations expire, p99' },
    endpointsPerUser: 1 + OTHERS,
    longerSeconds: EXPIRE_AFTER_SECONDS,
  },
  { ...QUIET, name: 'the history is trimmed, p99', environment: FULL_HISTORY },
  {
    ...{ ...QUIET, name: '10,000 devices reconnect, p99' },
    meanwhile: (lab, server, receiver) => lab.reconnect(receiver, server),
  },
]

export const turmoil: Case = {
  name: 'turmoil',
  title: 'Latency of QoS 1 at 2,000 events/s with 10,000 links, and what happens meanwhile; no event is lost',
  measures: TROUBLES.map(({ name }) => ({ name, unit: 'ms', target: TARGET })),
  hasReference: false,
  isLong: true,
  users: (amounts) => scaled(LINKS, amounts),
  async run(lab, _subject, amounts) {
    const figures: number[] = []
    for (const trouble of TROUBLES) figures.push(await run(lab, amounts, trouble))
    return figures
  },
}

/** @returns the 99th percentile, milliseconds */
async function run(lab: Lab, amounts: Amounts, trouble: Trouble): Promise<number> {
  const { endpointsPerUser, environment, longerSeconds, meanwhile } = trouble
  const devices = scaled(LINKS, amounts)
  const folder = lab.newDataFolder()
  await lab.fill(folder, devices * endpointsPerUser, endpointsPerUser, EXPIRE_AFTER_SECONDS)
  try {
    await using server = await lab.startServer('rollcall', folder, { ...ONE_ORGANIZATION, ...environment })
    await using receiver = lab.startReceiver()
    await lab.connect(receiver, server, { links: devices, stride: endpointsPerUser, endpointsPerUser })
    const [sent] = await Promise.all([
      lab.send(server, {
        work: { kind: 'send-event', qos: 1, devices, timed: true, endpointsPerUser },
        pace: {
          ...{ kind: 'steady', perSecond: PER_SECOND, warmUpSeconds: 0 },
          measuredSeconds: amounts.measuredSeconds + longerSeconds,
        },
      }),
      meanwhile(lab, server, receiver),
    ])
    const { latenciesUs } = await lab.tally(receiver, sent, true)
    const left = (await Metrics.read(server)).value('rollcall_registrations')
    if (left !== devices) throw new Error(`${left - devices} registrations have not expired`)
    return percentile(latenciesUs, 99) / 1000
  } finally {
    lab.removeDataFolder(folder)
  }
}
