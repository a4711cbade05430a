import { RollcallError } from '@rollcall/protocol/error-code'
import { type Cluster, Told } from '../cluster.ts'

/**
 * One process that is the whole service: there is nobody to tell, and nobody to ask. All that concerns links, receipts and
 * revocations is done where it comes up.
 */
export function createLocalCluster(self: string): Cluster {
  return {
    told: new Told(),
    nodes: {
      self,
      isAlone: true,
      isMember: () => true,
      sweeps: () => true,
      keeperOf: () => self,
      heard: () => [],
      others: async () => [],
      onReturn: () => undefined,
      onBuried: () => undefined,
    },
    router: { send: () => undefined, receive: () => undefined },
    requests: {
      askAll: async () => [],
      gather: async () => ({ answers: new Map(), silent: [] }),
      ask: async () => {
        throw new RollcallError('unavailable')
      },
      answer: () => undefined,
    },
  }
}
