import { createHash } from 'node:crypto'

const SLOTS = 16_384

/**
 * One of a cluster whose first half are primaries, each followed by its replica in the second half.
 * @typedef {{ readonly host?: string, readonly port: number, readonly busPort: number }} Place
 */

/**
 * What a node of a Redis Cluster is called here.
 * @param {number} index
 */
export function clusterNodeId(index) {
  return createHash('sha1').update(`node ${index}`).digest('hex')
}

/**
 * What a node of a cluster writes down of it: given that, it has met the others when it starts.
 * @param {number} own
 * @param {readonly Place[]} places
 */
export function clusterNodesFile(own, places) {
  const primaries = places.length / 2
  const lines = places.map(({ host = '127.0.0.1', port, busPort }, index) => {
    const primary = index % primaries
    const isPrimary = index < primaries
    const flags = [...(index === own ? ['myself'] : []), isPrimary ? 'master' : 'slave'].join()
    const first = Math.ceil((primary * SLOTS) / primaries)
    const last = Math.ceil(((primary + 1) * SLOTS) / primaries) - 1
    const of = isPrimary ? '-' : clusterNodeId(primary)
    const slots = isPrimary ? ` ${first}-${last}` : ''
    return `${clusterNodeId(index)} ${host}:${port}@${busPort} ${flags} ${of} 0 0 ${primary + 1} connected${slots}`
  })
  return [...lines, `vars currentEpoch ${primaries} lastVoteEpoch 0`, ''].join('\n')
}
