import { hasSeveral, stateOf, storeName, storeState } from '../../cluster/node-words.ts'
import { count } from '../../format.ts'
import { href } from '../../routes.ts'
import type { Scope } from '../../session/scope.ts'
import { useNodes } from '../../session/use-nodes.ts'

const EVERY_MS = 5_000

/** One line about the processes and their Redis; nothing where one process keeps all by itself. */
export function NodesLine(scope: Scope) {
  const { data } = useNodes(scope, EVERY_MS)
  if (data === undefined || !hasSeveral(data.nodes, data.store)) return null
  const { nodes, store } = data
  const others = nodes.filter((node) => stateOf(node).tone !== 'good')
  return (
    <p class="quiet now-nodes">
      <a href={href(['nodes'])}>
        {count(nodes.length)} {nodes.length === 1 ? 'process' : 'processes'}
      </a>
      {others.length > 0 && ` · ${others.map((node) => `${node.name}: ${stateOf(node).text}`).join(', ')}`}
      {` · ${storeName(store)}: ${storeState(store).text.toLowerCase()}`}
    </p>
  )
}
