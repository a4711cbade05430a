import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { basic, openAuth, request, signIn } from '../../../../test/helpers/auth-fixture.ts'
import { createFakeClock, inTime } from '../../../../test/helpers/fake-clock.ts'
import { MemoryNodeTable, SimulatedNetwork } from '../../../../test/helpers/simulated-network.ts'
import { SimulatedNode } from '../../../../test/helpers/simulated-node.ts'
import { createDice } from '../../../../test/sim/dice.ts'
import { createMemoryStore } from '../../store/memory/memory.ts'
import type { SharedList, Store } from '../../store/store.ts'

const ALICE = { organizationId: 'acme', userId: 'alice' }

/** A list whose notices come to nobody: whoever hears of a change was told by the one that made it. */
function silent<Item>(list: SharedList<Item>): SharedList<Item> {
  return { ...list, onChange: () => () => undefined }
}

async function openTwo(t: TestContext, seed = 1) {
  const clock = createFakeClock()
  const memory = createMemoryStore({ clock })
  const { revokedTokens, revokedUsers } = memory
  const store: Store = { ...memory, revokedTokens: silent(revokedTokens), revokedUsers: silent(revokedUsers) }
  const network = new SimulatedNetwork(clock, createDice(seed))
  const table = new MemoryNodeTable(clock)
  const open = async (name: string) => {
    const node = new SimulatedNode({ name, clock, network, table })
    await node.membership.start()
    t.after(() => {
      node.clock.goOn()
      return node.membership.close()
    })
    return { ...(await openAuth(t, { clock, store, cluster: node.cluster })), node }
  }
  return { clock, network, here: await open('here'), there: await open('there') }
}

describe('a revocation is confirmed', () => {
  it('only once every process refuses what was revoked, whatever becomes of messages', async (t) => {
    for (let seed = 1; seed <= 5; seed++) {
      const { clock, network, here, there } = await openTwo(t, seed)
      network.weather = { loss: 30, doubling: 30, delayMsMax: 200 }
      const { access_token: first } = await signIn(here.auth)
      const { access_token: second } = await signIn(here.auth)
      await there.auth.authenticate(first)
      await inTime(clock, here.auth.revoke(request({ token: first }, basic('customer', ''))))
      assert.equal(there.auth.isStillGood(first), false)
      assert.equal(there.auth.isStillGood(second), true)
      await inTime(clock, here.auth.revokeUser(ALICE))
      assert.equal(there.auth.isStillGood(second), false)
    }
  })

  it('not while a process does not answer, and then once it is buried', async (t) => {
    const { clock, here, there } = await openTwo(t)
    const { access_token } = await signIn(here.auth)
    await there.auth.authenticate(access_token)
    there.node.clock.freeze()
    await assert.rejects(inTime(clock, here.auth.revokeUser(ALICE)), { code: 'unavailable' })
    await assert.rejects(async () => here.auth.authenticate(access_token), { code: 'unauthorized' })
    await clock.advance(10_000)
    await inTime(clock, here.auth.revokeUser(ALICE))
  })

  it('and a process that comes back after its burial admits nobody until it knows of it', async (t) => {
    const { clock, here, there } = await openTwo(t)
    const { access_token } = await signIn(here.auth)
    await there.auth.authenticate(access_token)
    there.node.clock.freeze()
    await clock.advance(12_000)
    await inTime(clock, here.auth.revokeUser(ALICE))
    there.node.clock.goOn()
    await assert.rejects(async () => there.auth.authenticate(access_token), { code: 'unavailable' })
    await clock.advance(1_000)
    await assert.rejects(async () => there.auth.authenticate(access_token), { code: 'unauthorized' })
    await there.auth.authenticate((await signIn(there.auth)).access_token)
  })
})
