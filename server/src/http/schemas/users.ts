import { ID_RULE } from '@rollcall/protocol/id'
import { LIST_PAGE_DEFAULT, LIST_PAGE_MAX, PRESENCE_USERS_MAX } from '@rollcall/protocol/limits'
import { type TSchema, Type } from 'typebox'

const SERVICE_ONLY =
  "The organization of the users. Required from callers with role SERVICE; anybody else's is ignored, since they see their own organization."

export const USER_PARAMETERS = Type.Object({ userId: Type.String() })

export const USERS_ENDPOINT_PARAMETERS = Type.Object({
  userId: Type.String(),
  userEndpointId: Type.String(),
})

/** For paths that name a user: `?organizationId=`. */
export const USERS_QUERY = Type.Object({
  organizationId: Type.Optional(Type.String({ description: SERVICE_ONLY })),
})

const PAGE = {
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: LIST_PAGE_MAX,
      default: LIST_PAGE_DEFAULT,
      description: 'On one page.',
    }),
  ),
  cursor: Type.Optional(
    Type.String({
      description: 'The `nextCursor` of the page before; its other parameters must be the same.',
    }),
  ),
}

const PREFIX = Type.Optional(
  Type.String({
    description: 'What their ids begin with, upper and lower case told apart.',
    examples: ['al'],
  }),
)

/** For the documentation: `list-parameters.ts` reads these. */
export const LIST_USERS_QUERY = Type.Object({
  prefix: PREFIX,
  connected: Type.Optional(
    Type.Boolean({
      description: '`true`: only those who have a connection; `false`: only those who have none.',
    }),
  ),
  registered: Type.Optional(
    Type.Boolean({
      description: '`true`: only those who have an endpoint now; `false`: only those who had one.',
    }),
  ),
  ...PAGE,
  organizationId: Type.Optional(Type.String({ description: SERVICE_ONLY })),
})

export const LIST_ORGANIZATIONS_QUERY = Type.Object({ prefix: PREFIX, ...PAGE })

/** For the documentation: `presence-command.ts` reads these bodies. */
export function userSchemas(): readonly TSchema[] {
  return [
    presenceCommand(),
    revokeCommand(),
    presences(),
    userPage(),
    organizationPage(),
    erased(),
    exported(),
  ]
}

function organizationId(): TSchema {
  return Type.Optional(Type.Unsafe({ type: ['string', 'null'], description: SERVICE_ONLY }))
}

function presenceCommand(): TSchema {
  return Type.Object(
    {
      userIds: Type.Array(Type.String(), {
        minItems: 1,
        maxItems: PRESENCE_USERS_MAX,
        description: `Ids: ${ID_RULE}.`,
        examples: [['alice', 'bob']],
      }),
      organizationId: organizationId(),
    },
    { $id: 'UserPresenceWebCommand', description: 'The users to look for.' },
  )
}

function revokeCommand(): TSchema {
  return Type.Object(
    { organizationId: organizationId() },
    { $id: 'RevokeUserWebCommand', description: 'May be left out by callers without role SERVICE.' },
  )
}

function userPresence() {
  return Type.Object({
    userId: Type.String(),
    registered: Type.Integer({ description: 'Live endpoints.' }),
    connected: Type.Integer({ description: 'Those of them that have an MQTT connection now.' }),
    lastSeenAt: Type.Unsafe({
      type: ['string', 'null'],
      format: 'date-time',
      description:
        'When any endpoint of the user was registered or kept alive last, also one that is gone. `null`: never, or more than 90 days ago.',
    }),
  })
}

function presences(): TSchema {
  return Type.Object(
    { users: Type.Array(userPresence()) },
    { $id: 'UserPresences', description: 'In the order asked.' },
  )
}

const NEXT_CURSOR = Type.Optional(Type.String({ description: 'Gets the next page. Absent: there is none.' }))

function userPage(): TSchema {
  return Type.Object(
    { users: Type.Array(userPresence()), nextCursor: NEXT_CURSOR },
    { $id: 'UserPage', description: 'Users, by id.' },
  )
}

function organizationPage(): TSchema {
  const organization = Type.Object({
    id: Type.String({ examples: ['acme'] }),
    name: Type.Unsafe({
      type: ['string', 'null'],
      description: 'As the directory has it. `null`: it is not in there.',
      examples: ['Acme'],
    }),
    registrations: Type.Integer({ minimum: 0, description: 'Live registrations.' }),
    connected: Type.Integer({ minimum: 0, description: 'Those of them that have a connection.' }),
    mailboxEvents: Type.Integer({
      minimum: 0,
      description: 'QoS 1 events that wait to be acknowledged, counted for each endpoint.',
    }),
    webhooks: Type.Integer({ minimum: 0, description: 'How many it has.' }),
  })
  return Type.Object(
    { organizations: Type.Array(organization), nextCursor: NEXT_CURSOR },
    { $id: 'OrganizationPage', description: 'Organizations, by id.' },
  )
}

function erased(): TSchema {
  const count = (description: string) => Type.Integer({ minimum: 0, description })
  return Type.Object(
    {
      organizationId: Type.String(),
      userId: Type.String(),
      registrations: count('Registrations that ended.'),
      mailboxEvents: count('Events that waited in its mailboxes.'),
      events: count('Events of the history that it was sent, or sent itself.'),
      calls: count('Events that could be answered.'),
      replies: count('Replies to its idempotency keys.'),
      feedEntries: count('What no webhook was told yet.'),
      deadLetters: count('Dead letters of webhooks.'),
    },
    { $id: 'UserErased', description: 'How much was removed.' },
  )
}

function exported(): TSchema {
  const event = Type.Object({}, { additionalProperties: true })
  return Type.Object(
    {
      organizationId: Type.String(),
      userId: Type.String(),
      exportedAt: Type.String({ format: 'date-time' }),
      lastSeenAt: Type.Unsafe({ type: ['string', 'null'], format: 'date-time' }),
      endpoints: Type.Array(Type.Ref('UserEndpoint#')),
      webhooks: Type.Object({
        waiting: Type.Array(event, { description: 'Lifecycle events that not every webhook has.' }),
        deadLetters: Type.Array(
          Type.Object({
            webhookId: Type.String(),
            event,
            failure: Type.String(),
            failedAt: Type.String({ format: 'date-time' }),
          }),
        ),
      }),
      events: Type.Array(Type.Ref('HistoryRecord#'), {
        description: 'As the history has them, masked, newest first.',
      }),
    },
    { $id: 'UserExport', description: 'Everything that is kept of a user.' },
  )
}
