import type { Lab } from '../lab/lab.ts'
import { Metrics } from '../lab/metrics.ts'
import { settledMemory } from '../lab/settled-memory.ts'
import { nowMs } from '../machine/time.ts'
import { type Amounts, type Case, scaled } from './case.ts'
import { registerEndpoints } from './devices.ts'

const REGISTRATIONS = 1_000_000
const ENDPOINTS_PER_USER = 10

/**
 * Two cases over one million registrations, which take minutes to make by the API: the second one starts from what the
 * first one has left behind, where both run, and otherwise from a folder that was filled past it.
 */
export function populationCases(): readonly Case[] {
  let left: string | undefined
  const users = (amounts: Amounts): number => Math.ceil(scaled(REGISTRATIONS, amounts) / ENDPOINTS_PER_USER)

  async function populate(lab: Lab, amounts: Amounts): Promise<readonly number[]> {
    left = lab.newDataFolder()
    await using server = await lab.startServer('rollcall', left)
    const before = await settledMemory(server.pid)
    const count = scaled(REGISTRATIONS, amounts)
    await registerEndpoints(lab, server, count, ENDPOINTS_PER_USER)
    const after = await settledMemory(server.pid)
    await server.kill()
    return [
      (after.residentBytes - before.residentBytes) / count,
      (after.anonymousBytes - before.anonymousBytes) / count,
    ]
  }

  async function filled(lab: Lab, amounts: Amounts): Promise<string> {
    const folder = lab.newDataFolder()
    await lab.fill(folder, scaled(REGISTRATIONS, amounts), ENDPOINTS_PER_USER)
    return folder
  }

  const memoryRegistrations: Case = {
    name: 'memory-registrations',
    title: (many) =>
      `Memory of a registration, ${many(REGISTRATIONS)} of ${many(REGISTRATIONS / ENDPOINTS_PER_USER)} users`,
    measures: [
      {
        name: 'memory of a registration',
        unit: 'bytes',
        target: { atMost: 700 },
        elsewhere: 'Kamailio 1,140',
      },
      { name: 'of it the process’s own, without pages of files', unit: 'bytes' },
    ],
    hasReference: false,
    isLong: true,
    users,
    run: (lab, _subject, amounts) => populate(lab, amounts),
  }

  const restart: Case = {
    name: 'restart',
    title: (many) =>
      `Restart after kill -9 with ${many(REGISTRATIONS)} registrations, until /health/ready is 200`,
    measures: [
      { name: 'time to ready', unit: 's', target: { atMost: 6 } },
      { name: 'of it the processor’s, all threads', unit: 's' },
    ],
    hasReference: false,
    isLong: true,
    users: () => 1,
    listed: users,
    async run(lab, _subject, amounts) {
      left ??= await filled(lab, amounts)
      const startMs = nowMs()
      await using server = await lab.startServer('rollcall', left)
      const readyMs = nowMs()
      const processorSeconds = lab.processorSeconds(server)
      const found = (await Metrics.read(server)).value('rollcall_registrations')
      const expected = scaled(REGISTRATIONS, amounts)
      if (found !== expected)
        throw new Error(`${found} registrations of ${expected} are there after the restart`)
      return [(readyMs - startMs) / 1000, processorSeconds]
    },
  }

  return [memoryRegistrations, restart]
}
