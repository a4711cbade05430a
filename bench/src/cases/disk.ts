import type { Lab, Subject } from '../lab/lab.ts'
import { writtenBytes } from '../machine/process-usage.ts'
import { sleep } from '../machine/time.ts'
import { type Amounts, type Case, type Figures, scaled } from './case.ts'
import { connectDevices, openServer } from './devices.ts'

const DEVICES = 1_000
const RATES_PER_SECOND = [1, 500, 2_000]
/** So little that it is trimmed all the time, as an old server's is. */
const HISTORY_BYTES_MAX = 2 * 1024 * 1024
/** After its start a store makes what it keeps in reserve, and parts of the log: that is no event's. */
const SETTLE_MS = 8_000
/** A run is so many times as long as others: what is put off, merges and trimming, shall be in it. */
const LONGER = 4

export const disk: Case = {
  name: 'disk',
  title: 'What reaches the disk for a durable event of 300 bytes, by the system’s own count',
  measures: [
    { name: '1 event/s', unit: 'bytes', target: { atMost: 8_192 } },
    { name: '500 events/s', unit: 'bytes', target: { atMost: 4_096 } },
    { name: '2,000 events/s', unit: 'bytes', target: { atMost: 4_096 } },
    { name: 'full rate', unit: 'bytes', target: { atMost: 4_096 } },
  ],
  hasReference: false,
  isLong: false,
  users: (amounts) => scaled(DEVICES, amounts),
  async run(lab, subject, amounts) {
    const longer = { ...amounts, measuredSeconds: amounts.measuredSeconds * LONGER }
    const figures: number[] = []
    for (const perSecond of RATES_PER_SECOND)
      figures.push(...(await run(lab, subject, longer, { kind: 'steady', perSecond, ...longer })))
    return [...figures, ...(await run(lab, subject, longer, { kind: 'back-to-back', ...longer }))]
  },
}

async function run(
  lab: Lab,
  subject: Subject,
  amounts: Amounts,
  pace: Parameters<Lab['send']>[1]['pace'],
): Promise<Figures> {
  const devices = scaled(DEVICES, amounts)
  await using opened = await openServer(lab, subject, { HISTORY_BYTES_MAX: String(HISTORY_BYTES_MAX) })
  await using receiver = await connectDevices(lab, opened.server, devices)
  await sleep(SETTLE_MS)
  const before = writtenBytes(opened.server.pid)
  const sent = await lab.send(opened.server, {
    work: { kind: 'send-event', qos: 1, devices, timed: false },
    pace,
  })
  await lab.tally(receiver, sent)
  return [(writtenBytes(opened.server.pid) - before) / sent.issued]
}
