import { ID_RULE } from '@rollcall/protocol/id'
import { PRESENCE_USERS_MAX } from '@rollcall/protocol/limits'
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

/** For the documentation: `presence-command.ts` reads these bodies. */
export function userSchemas(): readonly TSchema[] {
  return [presenceCommand(), revokeCommand(), presences()]
}

/** What is not looked at by a schema: routes that read their parameters themselves. */
export const unchecked = () => () => true

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

function presences(): TSchema {
  const user = Type.Object({
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
  return Type.Object(
    { users: Type.Array(user) },
    { $id: 'UserPresences', description: 'In the order asked.' },
  )
}
