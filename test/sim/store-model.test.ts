import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { openEmbeddedStore } from '../../server/src/store/embedded/embedded.ts'
import { createMemoryStore } from '../../server/src/store/memory/memory.ts'
import { createFakeClock } from '../helpers/fake-clock.ts'
import { FakeDisk } from '../helpers/fake-disk.ts'
import { leftOver } from './left-over-rows.ts'
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
  assert.deepEqual(
    leftOver((table) => disk.table(table)),
    [],
  )
  return twin.effects
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
