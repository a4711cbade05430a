import type { NodeList } from '@rollcall/protocol/nodes'

/** A service of which nothing is known but that it is there. */
export const NO_NODES = {
  nameOf: () => undefined,
  read: async (organizationId: string | null): Promise<NodeList> => ({
    ...{ at: '2026-01-01T12:00:00.000Z', organizationId, nodes: [], happened: [] },
    store: { kind: 'memory', state: 'well' },
  }),
}
