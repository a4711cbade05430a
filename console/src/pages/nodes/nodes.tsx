import type { Happening, NodeInSight, NodeList, StoreInSight } from '@rollcall/protocol/nodes'
import {
  failoverText,
  happeningText,
  type Said,
  stateOf,
  storeName,
  storeState,
} from '../../cluster/node-words.ts'
import { count } from '../../format.ts'
import type { Scope } from '../../session/scope.ts'
import { useNodes } from '../../session/use-nodes.ts'
import { Badge } from '../../ui/badge.tsx'
import { ProblemBanner } from '../../ui/banner.tsx'
import { Empty } from '../../ui/empty.tsx'
import { Card, Page } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'

const EVERY_MS = 2_000

/** The processes that are the service, how Redis is doing, and what happened to either. */
export function NodesPage(scope: Scope) {
  const { data, problem } = useNodes(scope, EVERY_MS)
  return (
    <Page title="Nodes" lead={<span class="breakable">{scope.organizationId ?? 'All organizations'}</span>}>
      <ProblemBanner problem={problem} />
      {data !== undefined && <Everything {...data} />}
      {data === undefined && problem === undefined && <p class="quiet">Asking …</p>}
    </Page>
  )
}

function Everything({ nodes, store, happened }: NodeList) {
  return (
    <>
      <Card title="Processes">
        <NodeTable nodes={nodes} />
      </Card>
      <Store store={store} />
      <Card title="What happened">
        <Happenings happened={happened} />
      </Card>
    </>
  )
}

function NodeTable({ nodes }: { readonly nodes: readonly NodeInSight[] }) {
  return (
    <div class="table-wrap">
      <table>
        <thead>
          <tr>
            <th scope="col">Name</th>
            <th scope="col">State</th>
            <th scope="col" class="number">
              Connections
            </th>
            <th scope="col">Started</th>
            <th scope="col">Version</th>
          </tr>
        </thead>
        <tbody>
          {nodes.map((node) => (
            <tr key={node.id}>
              <td class="breakable">
                {node.name}
                {node.isSelf && <div class="quiet small node-self">this one answers</div>}
              </td>
              <td>
                <Says {...stateOf(node)} />
              </td>
              <td class="number">{node.connected === undefined ? '–' : count(node.connected)}</td>
              <td>{node.since === undefined ? '–' : <Time at={node.since} relative />}</td>
              <td>{node.version ?? '–'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Store({ store }: { readonly store: StoreInSight }) {
  const { redis } = store
  return (
    <Card title={storeName(store)} actions={<Says {...storeState(store)} />}>
      {redis === undefined ? (
        <p class="quiet">Everything is kept by this process alone.</p>
      ) : (
        <>
          <dl class="facts">
            <dt>Partitions</dt>
            <dd class="number">
              {count(redis.partitions)}
              {redis.partitionsAway > 0 && `, ${count(redis.partitionsAway)} of them away`}
            </dd>
            <dt>Last failover</dt>
            <dd>
              {redis.failover === undefined ? (
                'None since this process was started'
              ) : (
                <>
                  <Time at={redis.failover.at} relative />: {failoverText(redis.failover)}
                </>
              )}
            </dd>
          </dl>
          <ul class="node-primaries">
            {redis.primaries.map((primary, at) => (
              <li key={primary.redis ?? at}>
                <Badge tone={primary.isReached ? 'good' : 'bad'}>
                  {primary.isReached ? 'Reached' : 'Away'}
                </Badge>{' '}
                <span class="breakable">{primary.redis ?? `Primary ${at + 1}`}</span>
                <span class="quiet small">
                  {` partitions: ${count(primary.partitions)}`}
                  {primary.replicas !== undefined && `, replicas up: ${count(primary.replicas)}`}
                  {primary.awaySince !== undefined && (
                    <>
                      ; away: <Time at={primary.awaySince} relative />
                    </>
                  )}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  )
}

function Happenings({ happened }: { readonly happened: readonly Happening[] }) {
  if (happened.length === 0)
    return <Empty title="Nothing yet">What is remembered goes with the processes that saw it.</Empty>
  return (
    <ul class="node-happened">
      {happened.map((one) => (
        <li key={`${one.at} ${one.kind} ${one.node ?? one.redis ?? ''}`}>
          <Time at={one.at} relative /> <span class="breakable">{happeningText(one)}</span>
          <span class="quiet small"> seen by {one.seenBy.join(', ')}</span>
        </li>
      ))}
    </ul>
  )
}

function Says({ text, tone }: Said) {
  return <Badge tone={tone}>{text}</Badge>
}
