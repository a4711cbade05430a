import assert from 'node:assert/strict'
import { it } from 'node:test'
import { FakeDisk } from '../../../../test/helpers/fake-disk.ts'
import { readState, stateChange } from './state-row.ts'

it('the state of a former version is read: what it did not know is not made up', () => {
  const disk = new FakeDisk()
  const whole = { heartbeatMs: 4, heardMs: 3, earliestWallMs: 5, isClean: true }
  const state = { ...whole, nextRegistrationId: 7, nextSequence: 8 }
  const { key, value } = stateChange(state)
  const read = (bytes: number) => {
    disk.table('meta').set(key.toString('hex'), value.subarray(0, bytes))
    return readState(disk.open())
  }
  assert.deepEqual(read(41), state)
  assert.deepEqual(read(33), { ...state, earliestWallMs: undefined })
  assert.deepEqual(read(25), { ...state, earliestWallMs: undefined, heardMs: 4 })
})
