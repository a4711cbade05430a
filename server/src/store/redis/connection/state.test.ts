import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createFakeClock } from '../../../../../test/helpers/fake-clock.ts'
import { State } from './state.ts'

function watch() {
  const clock = createFakeClock()
  const lines: string[] = []
  const say = (line: string, fields: object) => void lines.push(`${line} ${Object.values(fields).join()}`)
  return { clock, lines, state: new State({ error: say, warn: say, info: say }, clock) }
}

it('what Redis refuses is said once where it begins, for however many partitions, and once where it ends', () => {
  const { lines, state } = watch()
  for (let round = 0; round < 3; round++)
    for (const partition of [0, 1]) state.refuses(partition, `READONLY ${round}`)
  assert.deepEqual(lines.splice(0), ['Redis refuses what it is asked READONLY 0'])
  state.takes(0)
  state.takes(0)
  assert.deepEqual([lines, state.refusalOf(1)], [[], 'READONLY 0'])
  state.refuses(1, 'MISCONF x')
  state.takes(1)
  assert.deepEqual(lines, [
    'Redis refuses what it is asked MISCONF x',
    'Redis takes again what it had refused MISCONF',
  ])
})

it('what is given up a moment after a refusal is over begins no other', async () => {
  const { clock, lines, state } = watch()
  state.refuses(0, 'READONLY x')
  state.takes(0)
  state.refuses(1, 'READONLY x')
  state.takes(1)
  assert.equal(lines.length, 2)
  await clock.advance(2_000)
  state.refuses(1, 'READONLY x')
  assert.deepEqual([lines.length, state.refusalOf(1)], [3, 'READONLY x'])
})

it('a full Redis is said once, though a little of it is free now and then', async () => {
  const { clock, lines, state } = watch()
  for (let round = 0; round < 5; round++) {
    state.full()
    state.hasRoom()
    await clock.advance(1_000)
  }
  assert.deepEqual([lines.length, state.warnings], [1, ['disk_full']])
  await clock.advance(5_000)
  state.hasRoom()
  state.hasRoom()
  assert.deepEqual(lines.slice(1), ['Redis has room again '])
  assert.deepEqual(state.warnings, [])
})
