import assert from 'node:assert/strict'
import { mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createFakeClock } from '../../../test/helpers/fake-clock.ts'
import { eventually } from '../../../test/helpers/run-server.ts'
import { type AuditRecord, createAudit } from './audit.ts'

const READ: AuditRecord = {
  action: 'read_history',
  outcome: 'done',
  callerId: 'backend',
  address: '192.0.2.1',
}
const KICK: AuditRecord = { action: 'kick_endpoint', outcome: 'done', userId: 'alice', address: '192.0.2.1' }

/** Kinds that there is room for within a minute, for each organization, and for all strangers. */
const KINDS_MAX = 10_000

function kindsOf(held: Map<string, number>, { callerOrganizationId }: AuditRecord) {
  const whose = callerOrganizationId ?? ''
  const count = held.get(whose) ?? 0
  if (count === KINDS_MAX) return undefined
  held.set(whose, count + 1)
  return () => void held.set(whose, (held.get(whose) ?? 0) - 1)
}

/** An audit log on a clock that stands, into the log unless there is a file. */
function open(t: TestContext, file?: string) {
  const clock = createFakeClock()
  const lines: object[] = []
  const errors: string[] = []
  const held = new Map<string, number>()
  let lost = 0
  const audit = createAudit({
    file,
    clock,
    takeKind: (record) => kindsOf(held, record),
    log: { info: (_message, line) => void lines.push(line ?? {}), error: (told) => void errors.push(told) },
    metrics: {
      auditLost(count) {
        lost += count
      },
    },
  })
  t.after(() => audit.close())
  return { audit, clock, lines, errors, held, lost: () => lost }
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'rollcall-audit-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

test('the same within a minute is two lines: the first at once, the others with their count', async (t) => {
  const { audit, clock, lines } = open(t)
  const at = new Date(clock.wallMs()).toISOString()
  for (let count = 0; count < 1000; count++) audit.record(READ)
  audit.record({ ...READ, callerId: 'another' })
  assert.deepEqual(lines, [
    { audit: true, at, ...READ },
    { audit: true, at, ...READ, callerId: 'another' },
  ])
  await clock.advance(60_000)
  const later = new Date(clock.wallMs()).toISOString()
  assert.deepEqual(lines.slice(2), [{ audit: true, at: later, since: at, ...READ, count: 999 }])
  audit.record(READ)
  assert.equal(lines.length, 4)
})

test('what changes something has a line each time, however much else was tried', async (t) => {
  const { audit, clock, lines } = open(t)
  for (let count = 0; count < 15_000; count++) audit.record({ ...READ, address: `address ${count}` })
  assert.equal(lines.length, 10_000)
  audit.record(KICK)
  audit.record(KICK)
  assert.equal(lines.length, 10_002)
  await clock.advance(60_000)
  const last = lines.at(-1)
  assert.deepEqual(
    { ...last, at: '', since: '' },
    {
      ...{ audit: true, at: '', since: '', action: 'not_written', outcome: 'too_many', count: 5_000 },
    },
  )
})

test('whoever has no room left is told apart from the others, and has room again a minute later', async (t) => {
  const { audit, clock, lines, held } = open(t)
  const flood = (callerOrganizationId: string, count: number): void => {
    for (let index = 0; index < count; index++)
      audit.record({ ...READ, callerOrganizationId, address: `address ${index}` })
  }
  flood('evil', 10_500)
  flood('acme', 5)
  assert.equal(lines.length, 10_005)
  await clock.advance(60_000)
  const told = lines.slice(10_005).map((line) => ({ ...line, at: '', since: '' }))
  const notWritten = { audit: true, at: '', since: '', action: 'not_written', outcome: 'too_many' }
  assert.deepEqual(told, [{ ...notWritten, callerOrganizationId: 'evil', count: 500 }])
  assert.deepEqual([...held.values()], [0, 0])
})

test('lines are appended to a file that others cannot read, and a new one after it was moved away', async (t) => {
  const file = join(await folder(t), 'audit.log')
  const first = open(t, file)
  first.audit.record(KICK)
  await first.audit.close()
  const { audit, lines } = open(t, file)
  audit.record(KICK)
  await eventually(async () => (await read(file)).length === 2, 'both are written')
  await rename(file, `${file}.1`)
  audit.reopen()
  audit.record(READ)
  await audit.close()
  assert.deepEqual((await read(`${file}.1`)).length, 2)
  assert.deepEqual(
    (await read(file)).map((line) => JSON.parse(line).action),
    ['read_history'],
  )
  if (process.platform !== 'win32') assert.equal((await stat(file)).mode & 0o777, 0o600)
  assert.deepEqual(lines, [])
})

test('what cannot be written is told once a minute and counted, and nobody waits for it', async (t) => {
  const path = await folder(t)
  const { audit, errors, lost, clock } = open(t, join(path, 'not-there', 'audit.log'))
  for (let round = 1; round <= 3; round++) {
    audit.record(KICK)
    await eventually(() => lost() === round, 'it is counted')
  }
  assert.deepEqual(errors, ['lines of the audit log are lost'])
  await clock.advance(60_000)
  audit.record(KICK)
  await eventually(() => lost() === 4, 'it is counted')
  assert.equal(errors.length, 2)
})

test('what waits for a slow disk is bounded', async (t) => {
  const file = join(await folder(t), 'audit.log')
  const { audit, lost } = open(t, file)
  const userId = 'a'.repeat(100_000)
  for (let count = 0; count < 100; count++) audit.record({ ...KICK, userId })
  assert.ok(lost() > 50 && lost() < 65, String(lost()))
  await audit.close()
  assert.equal((await read(file)).length, 100 - lost())
})

async function read(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.split('\n').filter((line) => line !== '')
}
