import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ATTACKS } from './attacks.ts'
import { standBeside } from './round.ts'

// What `npm run neighbours` runs, alone on the machine: each case with its latencies. `losses.test.ts` is for `npm test`.

const isAll = process.env['NEIGHBOURS'] === 'all'
const isWithout = process.env['NEIGHBOURS'] === 'without'
const only = process.env['NEIGHBOURS_ONLY']?.split(',')
const seconds = isAll ? 20 : 6
/** Tries of a case whose latencies were missed: the machine may have been busy with something else. */
const TRIES = 3

const attacks = ATTACKS.filter(({ name }) => only?.includes(name) ?? true).filter(
  ({ isLong = false }) => isAll || isWithout || only !== undefined || !isLong,
)

for (const attack of isWithout ? [] : attacks)
  test(`${attack.name}: ${attack.protects}`, { timeout: 180_000 }, async (t) => {
    const tell = (line: string): void => t.diagnostic(line)
    for (let attempt = 1; ; attempt++) {
      const { loss, lateness } = await standBeside(attack, { seconds, tell })
      if (loss !== undefined) throw loss
      if (lateness === undefined) return
      if (attempt === TRIES) throw lateness
      tell(`tried again: ${lateness.message}`)
    }
  })

for (const attack of isWithout ? attacks : [])
  test(`${attack.name} is felt where nothing protects from it`, { timeout: 180_000 }, async (t) => {
    const tell = (line: string): void => t.diagnostic(line)
    const { loss, lateness } = await standBeside(attack, { seconds, isProtected: false, tell })
    // A busy machine makes anybody late: what is lost, or what only latencies can show.
    const felt = loss ?? (attack.isMeasured === true ? lateness : undefined)
    tell(`felt: ${felt?.message ?? 'nothing'}`)
    assert.ok(felt, 'the case is too weak: it passes without what it is to show')
  })
