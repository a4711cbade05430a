import type { StoreLog } from '../../store-log.ts'
import { settle } from './settled.ts'
import type { Wire } from './wire.ts'

/** How Redis is configured, as far as it says. */
type Said = ReadonlyMap<string, string>

const ASKED = ['maxmemory', 'min-replicas-to-write', 'cluster-require-full-coverage']

/** What may be lost, or refused, by how a Redis is configured: said once of each, in the log, with what is to be changed. */
export class Checks {
  readonly #log: StoreLog
  readonly #replicas: number
  readonly #looked = new Set<string>()

  constructor(log: StoreLog, replicas: number) {
    this.#log = log
    this.#replicas = replicas
  }

  /** @param info what `INFO` says */
  async look(redis: string, info: Said, wire: Wire): Promise<void> {
    if (this.#looked.has(redis)) return
    this.#looked.add(redis)
    // Many services do not tell: then what INFO says has to be enough.
    const answer = await settle(wire.send('CONFIG', ['GET', ...ASKED]))
    const config = answer.kind === 'answered' ? readPairs(answer.answer) : new Map<string, string>()
    for (const advice of adviceOn(info, config, this.#replicas)) this.#log.warn(advice, { redis })
  }
}

function readPairs(answer: unknown): Said {
  const rows = Array.isArray(answer) ? answer.map(String) : []
  const pairs = rows.flatMap((name, index) =>
    index % 2 === 0 ? [[name, rows[index + 1] ?? ''] as const] : [],
  )
  return new Map(pairs)
}

/** What an operator should know of it. */
export function adviceOn(info: Said, config: Said, replicasMin: number): readonly string[] {
  const advice: string[] = []
  const replicas = Number(info.get('connected_slaves') ?? 0)
  if (replicas < replicasMin)
    advice.push(
      `This Redis has ${replicas} replicas, and REDIS_REPLICAS_MIN asks for ${replicasMin}: until there are more, whatever must be durable is answered 503.`,
    )
  if (replicas > 0 && replicasMin === 0)
    advice.push(
      'REDIS_REPLICAS_MIN is 0: where a replica takes over, the last moments of what was answered are lost. 1 keeps them.',
    )
  if (info.get('aof_enabled') === '0')
    advice.push(
      'This Redis keeps no append-only file: when it starts again, everything since its last snapshot is lost. Set "appendonly yes".',
    )
  if (Number(config.get('min-replicas-to-write') ?? 0) > 0)
    advice.push(
      'This Redis has min-replicas-to-write: it refuses keepalives and acknowledgements too while it misses replicas. Set it to 0, and REDIS_REPLICAS_MIN.',
    )
  if (info.get('cluster_enabled') === '1' && config.get('cluster-require-full-coverage') === 'yes')
    advice.push(
      'This Redis Cluster has cluster-require-full-coverage: where one primary is away, all refuse. Set it to "no".',
    )
  if (config.get('maxmemory') === '0')
    advice.push('This Redis has no maxmemory: it takes what there is until the system ends it. Set it.')
  return advice
}
