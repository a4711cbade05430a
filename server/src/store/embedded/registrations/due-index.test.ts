import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DueIndex } from './due-index.ts'
import { RegistrationRecord } from './record.ts'

function record(registrationId: number, expiresAtMs: number): RegistrationRecord {
  const identity = {
    organizationId: 'o',
    userId: 'u',
    userEndpointId: 'e',
    registeredAtWallMs: 0,
    keepAliveSeconds: 1,
    serverKeepAliveReminderOn: false,
  }
  const liveness = { lastKeepAliveAtWallMs: 0, expiresAtMs, authorizedUntilWallMs: 0, reminded: false }
  return new RegistrationRecord(registrationId, 'o', identity, liveness)
}

function takeAll(due: DueIndex, nowMs: number): number[] {
  const taken: number[] = []
  for (let next = due.take(nowMs); next !== undefined; next = due.take(nowMs)) taken.push(next.registrationId)
  return taken
}

describe('the due index', () => {
  it('gives back what is due, in order, to the millisecond', () => {
    const due = new DueIndex(1000)
    for (const [id, atMs] of [1250.5, 1210, 1299, 1100, 900, 5000].entries()) due.file(record(id, atMs))
    due.open(1250, 100)
    assert.deepEqual(takeAll(due, 1250), [4, 3, 1])
    assert.deepEqual(takeAll(due, 1250.4), [])
    assert.deepEqual(takeAll(due, 1250.5), [0])
    due.open(1299, 100)
    assert.deepEqual(takeAll(due, 1299), [2])
  })

  it('finds those put off and those brought forward, also within an opened bucket', () => {
    const due = new DueIndex(0)
    const [later, sooner, near] = [record(1, 500), record(2, 9000), record(3, 180)]
    for (const one of [later, sooner, near]) due.file(one)
    later.expiresAtMs = 700
    due.file(later)
    sooner.expiresAtMs = 600
    due.file(sooner)
    due.open(150, 100)
    near.expiresAtMs = 160
    due.file(near)
    assert.deepEqual(takeAll(due, 160), [3])
    due.open(699, 100)
    assert.deepEqual(takeAll(due, 699), [2])
    due.open(700, 100)
    assert.deepEqual(takeAll(due, 700), [1])
  })

  it('looks at no more than it may at a time', () => {
    const due = new DueIndex(0)
    for (let id = 0; id < 25; id++) due.file(record(id, 100))
    const calls = Array.from({ length: 4 }, () => due.open(100, 10))
    assert.deepEqual(calls, [false, false, true, true])
    assert.equal(takeAll(due, 100).length, 25)
  })

  it('holds nothing of what was taken back out, however often', () => {
    const due = new DueIndex(0)
    const kept = record(0, 1000)
    due.file(kept)
    for (let id = 1; id < 1000; id++) {
      const gone = record(id, 1000)
      due.file(gone)
      due.drop(gone)
    }
    assert.equal(due.open(1000, 2), true, 'there was one record to look at')
    assert.deepEqual(takeAll(due, 1000), [0])
  })
})
