import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { closeInTurns } from './close-in-turns.ts'
import type { Outbox } from './outbox.ts'

function outboxes(count: number, closed: number[]): readonly Outbox[] {
  const link = (at: number) => ({ close: () => void closed.push(at) })
  return Array.from({ length: count }, (_, at) => ({ linkId: at, link: link(at) }) as unknown as Outbox)
}

it('many links are closed over the time that is given, and those that need not any more stay', async () => {
  const clock = createFakeClock()
  const closed: number[] = []
  let isOver = false
  closeInTurns(outboxes(1_000, closed), 'draining', clock, { overMs: 10_000, isStill: () => !isOver })
  assert.equal(closed.length, 100)
  await clock.advance(4_500)
  assert.equal(closed.length, 500)
  isOver = true
  await clock.advance(20_000)
  assert.equal(closed.length, 500)
})

it('few are closed at once', () => {
  const closed: number[] = []
  closeInTurns(outboxes(3, closed), 'draining', createFakeClock(), { overMs: 10_000 })
  assert.deepEqual(closed, [0, 1, 2])
})
