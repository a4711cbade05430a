import { type TSchema, Type } from 'typebox'

const INSTANT = { format: 'date-time', examples: ['2026-01-01T12:00:00.000Z'] }

/** What is answered: `RegisterResult` is the contract's, the others are ours. */
export function answerSchemas(): readonly TSchema[] {
  return [
    registerResult(),
    userEndpoint(),
    iceServers(),
    sendEventResult(),
    acknowledged(),
    wakeUpWays(),
    masksPreview(),
    tokenResponse(),
    oauthError(),
    error(),
  ]
}

function registerResult(): TSchema {
  return Type.Object(
    { id: Type.String({ description: 'The id of the endpoint.' }) },
    { $id: 'RegisterResult', description: 'The registered endpoint.' },
  )
}

function acknowledged(): TSchema {
  return Type.Object(
    { acknowledged: Type.Integer({ minimum: 0, description: 'How many were in flight.' }) },
    { $id: 'Acknowledged', description: 'What an acknowledgement did.' },
  )
}

function wakeUpWays(): TSchema {
  return Type.Object(
    {
      vapidPublicKey: Type.Unsafe({
        type: ['string', 'null'],
        description: 'What browsers subscribe to pushes with, base64url. `null`: this server sends none.',
      }),
      webhookIds: Type.Array(Type.String(), {
        description: 'Webhooks of the organization that wake devices.',
      }),
    },
    { $id: 'WakeUpWays', description: 'How devices can be woken here.' },
  )
}

function userEndpoint(): TSchema {
  return Type.Object(
    {
      id: Type.String(),
      keepAliveSeconds: Type.Integer(),
      serverKeepAliveReminderOn: Type.Boolean(),
      registeredAt: Type.String(INSTANT),
      lastKeepAliveAt: Type.String(INSTANT),
      expiresAt: Type.String({ ...INSTANT, description: 'When it expires unless a keepalive arrives.' }),
      connected: Type.Boolean({
        description:
          'Whether it has a link now: an MQTT connection that is subscribed to its topic, or an event stream.',
      }),
      canBeWoken: Type.Optional(
        Type.Boolean({ description: 'Whether it said how to wake its device. Absent: no.' }),
      ),
      mailboxDepth: Type.Optional(
        Type.Integer({ description: 'QoS 1 events not acknowledged yet. Where it is asked for by user id.' }),
      ),
      link: Type.Optional(link()),
    },
    { $id: 'UserEndpoint', description: 'One endpoint.' },
  )
}

function link(): TSchema {
  return Type.Object(
    {
      clientId: Type.String({
        description: 'Empty where an MQTT 3.1.1 client gave none, and of an event stream.',
      }),
      protocol: Type.String({ enum: ['MQTT 3.1.1', 'MQTT 5.0', 'SSE'] }),
      transport: Type.String({ enum: ['websocket', 'tcp', 'tls', 'http'] }),
      userAgent: Type.Optional(
        Type.String({
          maxLength: 256,
          description: '`User-Agent` of the WebSocket handshake, or of the request for the stream.',
        }),
      ),
      connectedAt: Type.String(INSTANT),
      node: Type.Optional(
        Type.String({
          description:
            'The name of the process that has it, for others than the user, where there may be several.',
          examples: ['a'],
        }),
      ),
    },
    {
      description:
        'The connection, while there is one. Where it is asked for by user id. Client id and user agent are the device’s own words: plain text, never markup.',
    },
  )
}

function masksPreview(): TSchema {
  return Type.Object(
    {
      event: Type.Object(
        {},
        {
          additionalProperties: true,
          examples: [{ type: 'CallOfferedEvent', caller: { name: 'Alice', phone: '***********' } }],
        },
      ),
    },
    { $id: 'MasksPreview', description: 'The event as it would be stored.' },
  )
}

function iceServers(): TSchema {
  return Type.Object(
    {
      iceServers: Type.Array(
        Type.Object({
          urls: Type.Array(Type.String(), { examples: [['stun:stun.example.com:3478']] }),
          username: Type.Optional(Type.String({ description: '`<Unix time at which it ends>:<user id>`.' })),
          credential: Type.Optional(Type.String()),
        }),
      ),
    },
    {
      $id: 'IceServers',
      description: 'The `iceServers` of an `RTCConfiguration`. Empty: none is configured.',
    },
  )
}

function sendEventResult(): TSchema {
  return Type.Object(
    {
      count: Type.Integer({ description: 'Registered endpoints that the event was accepted for.' }),
      eventId: Type.String({ description: 'The id of the event.' }),
    },
    { $id: 'SendEventResult', description: 'An event that was accepted.' },
  )
}

function tokenResponse(): TSchema {
  return Type.Object(
    {
      access_token: Type.String({ description: 'A JWT, signed with RS256.' }),
      token_type: Type.Literal('bearer'),
      expires_in: Type.Integer({ description: 'Seconds.' }),
      refresh_token: Type.Optional(
        Type.String({ description: 'Good once: each use gives another, for a minute the same one again.' }),
      ),
      scope: Type.String(),
      jti: Type.String(),
      sub: Type.String({ description: 'The user id.' }),
      userId: Type.String({ description: 'The same.' }),
      organization: Type.Optional(Type.String({ description: 'Absent for callers with role SERVICE.' })),
      organization_id: Type.Optional(Type.String({ description: 'The same.' })),
    },
    { $id: 'TokenResponse', description: 'RFC 6749 §5.1.' },
  )
}

function oauthError(): TSchema {
  return Type.Object(
    { error: Type.String({ examples: ['invalid_grant'] }), error_description: Type.String() },
    { $id: 'OAuthError', description: 'RFC 6749 §5.2.' },
  )
}

function error(): TSchema {
  return Type.Object(
    {
      error: Type.String({ description: 'A stable code.', examples: ['invalid_request'] }),
      message: Type.String({ description: 'For people.' }),
    },
    {
      $id: 'Error',
      description: 'Besides the code and the message, a key for each bad field says what was expected there.',
      additionalProperties: Type.String(),
      examples: [
        {
          error: 'invalid_request',
          message: 'The request is not valid.',
          keepAliveSeconds: 'must be an integer from 1 to 86400',
        },
      ],
    },
  )
}
