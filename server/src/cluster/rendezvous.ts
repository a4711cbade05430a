import { createHash } from 'node:crypto'

/**
 * Which of the nodes looks after something, for example sweeps a partition: each node's number for it is drawn from both their
 * names, and the highest wins. All nodes find the same, and where one comes or goes only its own things change hands (rendezvous
 * hashing).
 */
export function keeperOf(what: string, nodes: readonly string[]): string | undefined {
  let winner: string | undefined
  let highest = -1
  for (const node of nodes) {
    const drawn = draw(what, node)
    const wins = drawn > highest || (drawn === highest && winner !== undefined && node > winner)
    if (wins) [winner, highest] = [node, drawn]
  }
  return winner
}

function draw(what: string, node: string): number {
  return createHash('sha256').update(`${what}/${node}`).digest().readUIntBE(0, 6)
}
