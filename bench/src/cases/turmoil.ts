import type { Lab } from '../lab/lab.ts'
import { Metrics } from '../lab/metrics.ts'
import type { Server } from '../lab/server.ts'
import type { Worker } from '../lab/worker.ts'
import { nowMs } from '../machine/time.ts'
import { percentile } from '../report/statistics.ts'
import { type Amounts, type Case, type Label, scaled } from './case.ts'
import { ONE_ORGANIZATION } from './devices.ts'

const LINKS = 10_000
const PER_SECOND = 2_000
const EXPIRING = 100_000
/** Of the users that have them. */
const EXPIRING_PER_USER = 50
/** Slowest that a server may register, so that all are there in time. */
const REGISTERED_PER_SECOND_MIN = 4_000
const MADE_AND_GONE_MS = 4_000
const FULL_HISTORY = { HISTORY_BYTES_MAX: String(2 * 1024 * 1024) }
const TARGET = { atMost: 25 }

type Scene = {
  readonly lab: Lab
  readonly server: Server
  readonly receiver: Worker
  readonly amounts: Amounts
}

type Trouble = {
  readonly name: Label
  readonly environment?: NodeJS.ProcessEnv
  /** What is done before. @returns for how long events are sent, so that it comes about meanwhile; default: as always, seconds */
  readonly before?: (scene: Scene) => Promise<number>
  /** What happens besides while events are sent. */
  readonly meanwhile?: (scene: Scene) => Promise<void>
}

const TROUBLES: readonly Trouble[] = [
  { name: 'nothing else, p99' },
  { name: (many) => `${many(EXPIRING)} registrations expire, p99`, before: expireSoon },
  { name: 'the history is trimmed, p99', environment: FULL_HISTORY },
  {
    name: (many) => `${many(LINKS)} devices reconnect, p99`,
    meanwhile: ({ lab, server, receiver }) => lab.reconnect(receiver, server),
  },
]

export const turmoil: Case = {
  name: 'turmoil',
  title: (many) =>
    `Latency of QoS 1 at 2,000 events/s with ${many(LINKS)} links, and what happens meanwhile; no event is lost`,
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
async function run(lab: Lab, amounts: Amounts, { environment, before, meanwhile }: Trouble): Promise<number> {
  const devices = scaled(LINKS, amounts)
  const folder = lab.newDataFolder()
  await lab.fill(folder, devices, 1)
  try {
    await using server = await lab.startServer('rollcall', folder, { ...ONE_ORGANIZATION, ...environment })
    await using receiver = lab.startReceiver()
    await lab.connect(receiver, server, { links: devices, stride: 1, endpointsPerUser: 1 })
    const scene = { lab, server, receiver, amounts }
    const measuredSeconds = (await before?.(scene)) ?? amounts.measuredSeconds
    const [sent] = await Promise.all([
      lab.send(server, {
        work: { kind: 'send-event', qos: 1, devices, timed: true, endpointsPerUser: 1 },
        pace: { kind: 'steady', perSecond: PER_SECOND, warmUpSeconds: 0, measuredSeconds },
      }),
      meanwhile?.(scene),
    ])
    const { latenciesUs } = await lab.tally(receiver, sent, true)
    const left = (await Metrics.read(server)).value('rollcall_registrations')
    if (left !== devices) throw new Error(`${left - devices} registrations have not expired`)
    return percentile(latenciesUs, 99) / 1000
  } finally {
    lab.removeDataFolder(folder)
  }
}

/** Other endpoints of some of the users, all of which expire within one second. */
async function expireSoon({ lab, server, amounts }: Scene): Promise<number> {
  const count = scaled(EXPIRING, amounts)
  const expiringAtMs = nowMs() + (count / REGISTERED_PER_SECOND_MIN) * 1000 + MADE_AND_GONE_MS
  await lab.send(server, {
    work: {
      ...{ kind: 'register', share: { perUser: EXPIRING_PER_USER }, expiringAtMs },
      from: scaled(LINKS, amounts),
    },
    pace: { kind: 'count', count },
  })
  return (expiringAtMs - nowMs() + MADE_AND_GONE_MS) / 1000
}
