import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Gathering } from './gathering.ts'

/** A gathering that somebody else adds to. */
function setUp() {
  const state = { waiting: 1, ends: 0 }
  const gathering = new Gathering(
    () => state.waiting,
    () => state.ends++,
  )
  async function turns(count: number, arrivals = 0): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      state.waiting += arrivals
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  return { state, gathering, turns }
}

describe('a commit', () => {
  it('waits while each turn brings more, but for 8 turns at most', async () => {
    const { state, gathering, turns } = setUp()
    gathering.start()
    await turns(1)
    assert.equal(state.ends, 1)
    gathering.start()
    gathering.start()
    await turns(7, 1)
    assert.equal(state.ends, 1)
    await turns(2, 1)
    assert.equal(state.ends, 2)
  })

  it('waits while it is held, whatever comes, until the last holder lets go', async () => {
    const { state, gathering, turns } = setUp()
    const [one, two] = [gathering.hold(), gathering.hold()]
    gathering.start()
    await turns(20, 100)
    one()
    one()
    await turns(20)
    assert.equal(state.ends, 0)
    two()
    await turns(2)
    assert.equal(state.ends, 1)
  })

  it('does not wait for a holder who never lets go', async () => {
    const { state, gathering, turns } = setUp()
    gathering.hold()
    gathering.start()
    await turns(70)
    assert.equal(state.ends, 1)
  })
})
