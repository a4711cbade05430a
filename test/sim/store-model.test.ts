import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { openEmbeddedStore } from '../../server/src/store/embedded/embedded.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { FakeDisk } from '../helpers/fake-disk.ts'
import { type Command, commands } from './store-commands.ts'
import { Twin } from './store-twin.ts'

const RUNS = 100
const COMMANDS_MAX = 300

/** Gives the commands to the embedded engine and the memory store, side by side on one clock. */
async function run(list: readonly Command[]): Promise<number> {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  const openEngine = () => openEmbeddedStore({ rows: disk.open(), clock })
  const engine = await openEngine()
  const twin = new Twin(clock, createMemoryStore({ clock }), engine, openEngine)
  for (const command of list) await twin.run(command)
  const { registrations, mailboxEvents } = await twin.close()
  const left = (['registrations', 'liveness', 'mailbox'] as const).map((table) => disk.table(table).size)
  assert.deepEqual(left, [registrations, registrations, mailboxEvents], 'no row is left behind')
  const mailboxes = disk.table('mailbox')
  for (const key of disk.table('terms').keys()) assert(mailboxes.has(key), 'terms without an entry')
  const running = new Set([...disk.table('terms').values()].map((value) => value.readDoubleBE(8)))
  for (const key of disk.table('races').keys())
    assert(running.has(Number(Buffer.from(key, 'hex').readBigUInt64BE())), 'a race that nobody runs')
  const shared = payloadRanges(disk)
  for (const [key, row] of mailboxes) {
    const sequence = sequenceOf(key)
    const isIn = ({ from, to }: Range) => from <= sequence && sequence < to
    assert.equal(shared.some(isIn), row.length === 1, 'an entry has its payload, in one place')
  }
  const sequences = [...mailboxes.keys()].map(sequenceOf)
  for (const { from, to } of shared)
    assert(
      sequences.some((sequence) => from <= sequence && sequence < to),
      'a payload that nobody needs',
    )
  const calls = disk.table('calls')
  for (const key of disk.table('cancels').keys())
    assert(calls.has(key), 'a cancelling event without its call')
  return twin.effects
}

type Range = { readonly from: number; readonly to: number }

/** The sequences of the entries that share each payload. */
function payloadRanges(disk: FakeDisk): readonly Range[] {
  return [...disk.table('payloads').keys()].map((key) => {
    const from = sequenceOf(key)
    return { from, to: from + Buffer.from(key, 'hex').readUInt32BE(8) }
  })
}

function sequenceOf(key: string): number {
  return Number(Buffer.from(key, 'hex').readBigUInt64BE())
}

describe('the embedded engine', () => {
  it('answers like the memory store, whatever is asked in whatever order, restarts included', async () => {
    let effects = 0
    const property = fc.asyncProperty(
      fc.array(commands(), { maxLength: COMMANDS_MAX, size: 'max' }),
      async (list) => {
        effects += await run(list)
      },
    )
    await fc.assert(property, { numRuns: RUNS, seed: 20_261_124, endOnFailure: false })
    assert(effects > 5000, `the sequences did something: ${effects}`)
  })
})
