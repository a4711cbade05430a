import { createFakeClock } from '../../../../test/helpers/fake-clock.ts'
import { CONTRACT_BOUNDS, testStoreContract } from '../contract.ts'
import type { OnTiding } from '../store.ts'
import { createMemoryStore } from './memory.ts'

const FORGETS = 'it forgets everything with the process'

testStoreContract(
  'memory',
  async () => {
    const clock = createFakeClock()
    const ended: [string, number][] = []
    const store = createMemoryStore({
      ...CONTRACT_BOUNDS,
      clock,
      onMailboxEnded: (...what) => void ended.push(what),
    })
    const refuse = () => Promise.reject(new Error(FORGETS))
    const { wallMs, advance, jumpWall } = clock
    return {
      ...{ store, ended, wallMs, advance, jumpWall, stall: (ms: number) => clock.stall(ms) },
      ...{ reopen: refuse, crash: refuse, close: () => store.close() },
      openFor: (node: string, onTiding: OnTiding) => store.openFor(() => node, onTiding),
    }
  },
  { noRestarts: FORGETS },
)
