import { type TSchema, Type } from 'typebox'

const INSTANT = { format: 'date-time', examples: ['2026-01-01T12:00:00.000Z'] }
const FOR_SERVICE = 'For callers with role SERVICE.'

export function nodeSchemas(): readonly TSchema[] {
  return [
    Type.Object(
      {
        at: Type.String({ ...INSTANT, description: 'When this was so.' }),
        organizationId: Type.Unsafe({
          type: ['string', 'null'],
          description: 'Whose connections are counted; `null`: of all organizations together.',
          examples: ['acme'],
        }),
        nodes: Type.Array(node(), { description: 'By name.' }),
        store: store(),
        happened: Type.Array(happening(), {
          description:
            'The newest first, fifty at the most, as the processes that are there remember it: not over their restarts.',
        }),
      },
      { $id: 'NodeList', description: 'The processes of the service, and what they keep everything in.' },
    ),
  ]
}

function node(): TSchema {
  return Type.Object({
    id: Type.String({ description: 'Another one after each start.', examples: ['a/lY8xWq3Z'] }),
    name: Type.String({ description: '`NODE_NAME`.', examples: ['a'] }),
    isSelf: Type.Boolean({ description: 'Whether it is the one that has answered.' }),
    state: Type.String({
      description:
        '`there`; `leaving`: it was told to end; `silent`: others do its part; `gone`: its connections are taken out. There may come more.',
      examples: ['there'],
    }),
    heardAt: Type.String({ ...INSTANT, description: 'When it said last that it is there.' }),
    since: Type.Optional(
      Type.String({
        ...INSTANT,
        description: 'When it was started. Absent, as the next two: it has not answered in time.',
      }),
    ),
    version: Type.Optional(Type.String({ examples: ['1.0.0'] })),
    connected: Type.Optional(count('Endpoints that have their connection there.')),
  })
}

function store(): TSchema {
  return Type.Object({
    kind: Type.String({ description: '`embedded`, `redis` or `memory`.', examples: ['redis'] }),
    state: Type.String({
      description: '`well`; `partly_away`: some users are refused; `away`.',
      examples: ['well'],
    }),
    redis: Type.Optional(
      Type.Object(
        {
          topology: Type.String({ description: '`single`, `sentinel` or `cluster`.', examples: ['cluster'] }),
          partitions: count('That everything is divided into.'),
          partitionsAway: count('Those that cannot be used now.'),
          primaries: Type.Array(primary()),
          failover: Type.Optional(failover()),
        },
        { description: 'As the process that has answered sees it.' },
      ),
    ),
  })
}

function primary(): TSchema {
  return Type.Object({
    redis: Type.Optional(
      Type.String({ description: `Where it is. ${FOR_SERVICE}`, examples: ['redis-1:6379'] }),
    ),
    isReached: Type.Boolean(),
    awaySince: Type.Optional(Type.String({ ...INSTANT, description: 'Absent: it can be reached.' })),
    partitions: count('That it has.'),
    replicas: Type.Optional(count('Those of its replicas that are up. Absent: not known.')),
  })
}

function failover(): TSchema {
  return Type.Object(
    {
      at: Type.String(INSTANT),
      partitions: count('Which passed to another.'),
      from: places(),
      to: places(),
    },
    { description: 'The last one that was seen.' },
  )
}

function happening(): TSchema {
  return Type.Object({
    at: Type.String(INSTANT),
    kind: Type.String({
      description:
        '`node_came`, `node_left`, `node_silent`, `node_gone`, `redis_away`, `redis_back` or `redis_failover`. There may come more.',
      examples: ['node_gone'],
    }),
    node: Type.Optional(Type.String({ description: 'The `id` of a node.', examples: ['b/lY8xWq3Z'] })),
    redis: Type.Optional(Type.String({ description: `Which Redis. ${FOR_SERVICE}` })),
    failure: Type.Optional(Type.String({ description: `Why it cannot be reached. ${FOR_SERVICE}` })),
    partitions: Type.Optional(count('Of a failover: which passed to another.')),
    from: places(),
    to: places(),
    seenBy: Type.Array(Type.String(), { description: 'The names of the nodes that saw it.' }),
  })
}

function places(): TSchema {
  return Type.Optional(Type.Array(Type.String(), { description: FOR_SERVICE }))
}

function count(description: string): TSchema {
  return Type.Integer({ minimum: 0, description, examples: [3] })
}
