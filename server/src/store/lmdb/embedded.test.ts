import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { FakeDisk } from '../../../../test/helpers/fake-disk.ts'
import { testStoreContract } from '../contract.ts'
import { openEmbeddedStore } from './embedded.ts'

testStoreContract('the embedded engine on a fake disk', async () => {
  const clock = createFakeClock()
  const disk = new FakeDisk()
  let rows = disk.open()
  let store = await openEmbeddedStore({ rows, clock })
  const comeBack = async (downMs: number) => {
    rows.die()
    await clock.advance(downMs)
    rows = disk.open()
    store = await openEmbeddedStore({ rows, clock })
  }
  return {
    get store() {
      return store
    },
    wallMs: clock.wallMs,
    advance: clock.advance,
    jumpWall: clock.jumpWall,
    async reopen(downMs) {
      await store.close()
      await comeBack(downMs)
    },
    crash: comeBack,
    close: () => store.close(),
  }
})
