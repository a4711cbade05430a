import { EVENT_TYPE_RULE, INSTANT_RULE } from '@rollcall/protocol/event'
import { ID_RULE } from '@rollcall/protocol/id'
import {
  ANSWER_BYTES_MAX,
  COLLAPSE_KEY_CHARACTERS_MAX,
  EVENT_BYTES_MAX,
  GRACE_MS,
  GRACE_MS_MAX,
  ID_CHARACTERS_MAX,
  KEEP_ALIVE_SECONDS_MIN,
  MASK_CHARACTERS_MAX,
  MASKS_MAX,
  REASON_CHARACTERS_MAX,
  STREAM_ACKNOWLEDGED_MAX,
  TTL_SECONDS_MAX,
  TTL_SECONDS_MIN,
} from '@rollcall/protocol/limits'
import { type TSchema, Type } from 'typebox'

/** Names of Ajv formats that hold what a pattern cannot say: see `plugins/validation.ts`. */
export const ID_FORMAT = 'rollcall-id'
export const ID_OR_EMPTY_FORMAT = 'rollcall-id-or-empty'

const ENDPOINT_ID = '0190d9b2-6a8e-7cc1-9d0f-3a1f0c5b7e42'
// What clients' validators can check of an id; the format holds the whole rule.
const ID_SHAPE = { maxLength: ID_CHARACTERS_MAX, pattern: '^[^+#/$\\u0000-\\u001f\\u007f-\\u009f]*$' }

/** A string, where `null` equals absent. */
function optionalString(options: object): TSchema {
  return Type.Optional(Type.Unsafe({ type: ['string', 'null'], ...options }))
}

function id(description: string): TSchema {
  return Type.String({ description, minLength: 1, ...ID_SHAPE, format: ID_FORMAT, examples: [ENDPOINT_ID] })
}

/** The bodies of the contract, under its names. */
export function commandSchemas(keepAliveSecondsMax: number): readonly TSchema[] {
  return [
    registerCommand(keepAliveSecondsMax),
    keepaliveCommand(),
    unregisterCommand(),
    sendEventCommand(),
    answerEventCommand(),
    acknowledgeCommand(),
    masksPreviewCommand(),
  ]
}

export function registerCommand(keepAliveSecondsMax: number): TSchema {
  return Type.Object(
    {
      userEndpointId: optionalString({
        description: `Your own id for the endpoint, unique among the user's: ${ID_RULE}. Better leave it out, or empty, and let the server make one.`,
        ...ID_SHAPE,
        format: ID_OR_EMPTY_FORMAT,
        examples: [ENDPOINT_ID],
      }),
      keepAliveSeconds: Type.Integer({
        description: 'Seconds until the endpoint expires if no keepalive is sent.',
        format: 'int32',
        minimum: KEEP_ALIVE_SECONDS_MIN,
        maximum: keepAliveSecondsMax,
        examples: [30],
      }),
      serverKeepAliveReminderOn: Type.Optional(
        Type.Unsafe({
          type: ['boolean', 'null'],
          default: false,
          description:
            "Whether to send a `UserEndpointKeepAliveRequestedEvent` to the endpoint's topic at two thirds of each period, as a reminder to send a keepalive.",
        }),
      ),
      wakeUp: Type.Optional(
        Type.Unsafe({
          type: ['object', 'null'],
          description:
            'How to wake the device when an event comes and it has no connection: `{"kind": "webPush", "subscription": …}`, the subscription as browsers give it, or `{"kind": "webhook", "webhookId": …, "token": …}`. With `"include": "event"` it is told more than id and type. Absent: it is not woken.',
        }),
      ),
    },
    { $id: 'RegisterUserEndpointWebCommand', description: 'The endpoint to register.' },
  )
}

/** For the documentation: `acknowledge-command.ts` reads these bodies. */
function acknowledgeCommand(): TSchema {
  return Type.Object(
    {
      ids: Type.Array(Type.String(), {
        minItems: 1,
        maxItems: STREAM_ACKNOWLEDGED_MAX,
        description: 'Ids of messages, as the stream gave them.',
        examples: [['1f-2', '1f-3']],
      }),
    },
    { $id: 'AcknowledgeEventsWebCommand', description: 'Events that were taken over.' },
  )
}

export function keepaliveCommand(): TSchema {
  return Type.Object(
    { userEndpointId: id('The endpoint to keep alive.') },
    { $id: 'KeepUserEndpointAliveWebCommand', description: 'The endpoint to keep alive.' },
  )
}

export function unregisterCommand(): TSchema {
  return Type.Object(
    {
      userEndpointId: id('The endpoint to unregister.'),
      reason: optionalString({
        description: 'Why, in your own words.',
        maxLength: REASON_CHARACTERS_MAX,
        examples: ['User logout'],
      }),
    },
    { $id: 'UnregisterUserEndpointWebCommand', description: 'The endpoint to unregister.' },
  )
}

/** For the documentation: delivery parses these bodies itself, because the sender's own bytes are kept. */
function sendEventCommand(): TSchema {
  return Type.Object(
    {
      userId: Type.String({ description: 'The user to send to.', examples: ['bob'] }),
      organizationId: optionalString({
        description:
          "The organization of that user. Required from callers with role SERVICE; anybody else's is ignored, since they send inside their own organization.",
        examples: ['acme'],
      }),
      userEndpointId: optionalString({
        description: "One endpoint of the user's; absent: all of them.",
        examples: [ENDPOINT_ID],
      }),
      event: eventObject(),
      ...termsOfEvent(),
      ...waiting(),
      masks: masks(),
      qos: Type.Optional(
        Type.Unsafe({
          type: ['integer', 'null'],
          format: 'int32',
          default: 0,
          description:
            '1: at least once, kept until the device has acknowledged it. Anything else: best effort.',
          examples: [1],
        }),
      ),
      idempotencyKey: optionalString({
        description:
          'The same as the header `Idempotency-Key`, for bulk requests and MQTT, which have none. The header wins.',
        minLength: 1,
        maxLength: ID_CHARACTERS_MAX,
      }),
    },
    { $id: 'SendEventToUserWebCommand', description: 'The event, and whom to send it to.' },
  )
}

/** How long an event waits, and what ends its waiting. */
function termsOfEvent(): Record<string, TSchema> {
  return {
    ttlSeconds: Type.Optional(
      Type.Unsafe({
        type: ['integer', 'null'],
        minimum: TTL_SECONDS_MIN,
        maximum: TTL_SECONDS_MAX,
        description:
          'Lifetime: past it an undelivered event is discarded, never delivered late. Not together with `expiresAt`.',
        examples: [30],
      }),
    ),
    expiresAt: optionalString({ description: 'The same as an instant, which must lie ahead.' }),
    collapseKey: optionalString({
      minLength: 1,
      maxLength: COLLAPSE_KEY_CHARACTERS_MAX,
      description:
        "With `qos` 1: the event takes the place of your unsent ones with the same key in each endpoint's mailbox.",
    }),
    cancelOthers: Type.Optional(
      Type.Unsafe({
        type: ['object', 'null'],
        required: ['event'],
        properties: {
          event: eventObject(),
          on: {
            type: ['string', 'null'],
            enum: ['answered', 'acknowledged', null],
            default: 'answered',
            description:
              'When: once one endpoint has answered, or once its device has acknowledged, which most clients do by themselves.',
          },
        },
        description:
          'With `qos` 1: what the other endpoints get, once, when the first has answered. The rules of `event` apply.',
      }),
    ),
  }
}

/** What `Prefer: wait` waits for, and how long where nothing is connected. */
function waiting(): Record<string, TSchema> {
  return {
    waitFor: Type.Optional(
      Type.Unsafe({
        type: ['string', 'null'],
        enum: ['acknowledged', 'answered', null],
        default: 'acknowledged',
        description:
          'What `Prefer: wait` waits for: that every device has acknowledged, or, with `qos` 1, that one endpoint has answered.',
      }),
    ),
    graceMs: Type.Optional(
      Type.Unsafe({
        type: ['integer', 'null'],
        minimum: 0,
        maximum: GRACE_MS_MAX,
        default: GRACE_MS,
        description:
          'How long `Prefer: wait` waits where none of the counted endpoints is connected when the event is accepted, milliseconds.',
      }),
    ),
  }
}

/** For the documentation, as with sendEvent. */
function answerEventCommand(): TSchema {
  return Type.Object(
    {
      userEndpointId: id('The endpoint of yours that answers.'),
      answer: Type.Optional(
        Type.Unsafe({
          type: ['object', 'null'],
          additionalProperties: true,
          description: `Small data for the sender, at most ${ANSWER_BYTES_MAX} bytes as JSON; masked like the event wherever it is stored or shown.`,
          examples: [{ reason: 'accepted' }],
        }),
      ),
    },
    { $id: 'AnswerEventWebCommand', description: 'Which endpoint answers, and what it says.' },
  )
}

function masksPreviewCommand(): TSchema {
  return Type.Object(
    {
      event: Type.Object(
        {},
        {
          description: `Any JSON object of at most ${EVENT_BYTES_MAX} bytes; it needs no \`type\` and no \`timestamp\` yet.`,
          additionalProperties: true,
          examples: [{ type: 'CallOfferedEvent', caller: { name: 'Alice', phone: '+1 555 0100' } }],
        },
      ),
      masks: masks(),
    },
    { $id: 'MasksPreviewWebCommand', description: 'An event, and the masks to try on it.' },
  )
}

function masks(): TSchema {
  return Type.Optional(
    Type.Unsafe({
      type: ['array', 'null'],
      items: { type: 'string', maxLength: MASK_CHARACTERS_MAX },
      maxItems: MASKS_MAX,
      description:
        'JSON paths (https://github.com/json-path/JsonPath) into the event whose values are hidden wherever the event is stored or logged. The device gets them in clear.',
      examples: [['$.caller.phone']],
    }),
  )
}

function eventObject(): TSchema {
  return Type.Object(
    {
      id: optionalString({
        description: `1 to ${ID_CHARACTERS_MAX} characters; absent: the server makes a UUIDv7.`,
        maxLength: ID_CHARACTERS_MAX,
      }),
      type: Type.String({ description: `What happened on what: ${EVENT_TYPE_RULE}.` }),
      timestamp: Type.String({ description: `When: ${INSTANT_RULE}.` }),
    },
    {
      description: `Any attributes; at least \`type\` and \`timestamp\`. At most ${EVENT_BYTES_MAX} bytes, which the device gets as you wrote them.`,
      additionalProperties: true,
      examples: [{ type: 'CallOfferedEvent', timestamp: '2011-12-03T10:15:30Z', caller: { name: 'Alice' } }],
    },
  )
}
