import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { FakeDisk } from '../../../../test/helpers/fake-disk.ts'
import { CONTRACT_BOUNDS, testStoreContract } from '../contract.ts'
import { openEmbeddedStore } from './assembly.ts'

testStoreContract(
  'the embedded engine on a fake disk',
  async () => {
    const clock = createFakeClock()
    const disk = new FakeDisk()
    const ended: [string, number][] = []
    const onMailboxEnded = (...what: [string, number]) => void ended.push(what)
    let rows = disk.open()
    let store = await openEmbeddedStore({ ...CONTRACT_BOUNDS, rows, clock, onMailboxEnded })
    const comeBack = async (downMs: number) => {
      rows.die()
      await clock.advance(downMs)
      rows = disk.open()
      store = await openEmbeddedStore({ ...CONTRACT_BOUNDS, rows, clock, onMailboxEnded })
    }
    return {
      get store() {
        return store
      },
      ended,
      wallMs: clock.wallMs,
      advance: clock.advance,
      jumpWall: clock.jumpWall,
      stall: (ms) => clock.stall(ms),
      async reopen(downMs) {
        await store.close()
        await comeBack(downMs)
      },
      crash: comeBack,
      close: () => store.close(),
    }
  },
  { noNeighbours: 'no other process has its folder' },
)
