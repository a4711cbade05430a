import { createBackend } from '@rollcall/client/client'
import { EXIT, UsageError } from '../exit-codes.ts'
import { HELPED, readArgs, tokenOf, urlOf, withOrganization } from '../options.ts'
import { isRow, type Row, rowsIn } from '../rows.ts'
import { columns, type Terminal } from '../terminal.ts'

const USAGE = `Usage: rollcall nodes [options]

Tells which processes the service has and how many connections each has, how its store is doing, and what happened lately.

  --organization ID   for callers with role SERVICE; without it, connections of all organizations are counted`

export async function nodes(args: readonly string[], terminal: Terminal): Promise<number> {
  const given = readArgs(args, USAGE, { organization: { type: 'string' } })
  if (given === undefined) return HELPED
  if (given.positionals.length > 0) throw new UsageError(USAGE)
  const backend = createBackend({ url: urlOf(given, terminal), credentials: tokenOf(given, terminal) })
  const answer = await backend.request(withOrganization('/rtc-api/nodes', given), {
    signal: terminal.stopped,
  })
  terminal.show(answer, describe(answer))
  return EXIT.fine
}

function describe(answer: unknown): string {
  const store = isRow(answer) && isRow(answer['store']) ? answer['store'] : {}
  const redis = isRow(store['redis']) ? store['redis'] : undefined
  const happened = rowsIn(answer, 'happened').map(({ at, kind, ...about }) => [at, kind, aboutOf(about)])
  const tables = [
    [['NODE', 'STATE', 'CONNECTED', 'SINCE', 'VERSION'], ...rowsIn(answer, 'nodes').map(nodeRow)],
    [
      ['STORE', 'STATE'],
      [store['kind'], words(store['state'])],
    ],
    ...(redis === undefined ? [] : redisTables(redis)),
    ...(happened.length === 0 ? [] : [[['AT', 'WHAT HAPPENED', ''], ...happened]]),
  ]
  return tables.map((rows) => columns(rows.map((row) => row.map(words)))).join('\n\n')
}

function nodeRow({
  name,
  isSelf,
  state,
  connected = '?',
  since = '?',
  version = '?',
}: Row): readonly unknown[] {
  return [isSelf === true ? `${name} (this one)` : name, state, connected, since, version]
}

function redisTables(redis: Row): readonly (readonly (readonly unknown[])[])[] {
  const { topology, partitions, partitionsAway, failover } = redis
  const primaries = rowsIn(redis, 'primaries').map((primary, index) => [
    primary['redis'] ?? index + 1,
    primary['isReached'] === true ? 'reached' : `away since ${primary['awaySince'] ?? '?'}`,
    primary['partitions'],
    primary['replicas'] ?? '?',
  ])
  const facts = [
    ['TOPOLOGY', 'PARTITIONS', 'AWAY', 'LAST FAILOVER'],
    [topology, partitions, partitionsAway, isRow(failover) ? failover['at'] : 'none'],
  ]
  return [facts, [['PRIMARY', 'STATE', 'PARTITIONS', 'REPLICAS'], ...primaries]]
}

function aboutOf({ node, redis, failure, partitions, from, to }: Row): string {
  const said = [node ?? redis, failure, partitions === undefined ? undefined : `${partitions} partitions`]
  const way = Array.isArray(from) && Array.isArray(to) ? [`${from.join(', ')} → ${to.join(', ')}`] : []
  return [...said, ...way].filter((part) => part !== undefined).join(' · ')
}

/** `partly_away` as people say it. */
function words(value: unknown): string {
  const text = String(value)
  return /^[a-z_]+$/.test(text) ? text.replaceAll('_', ' ') : text
}
