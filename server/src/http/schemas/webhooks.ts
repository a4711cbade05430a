import { LIFECYCLE_EVENTS } from '@rollcall/protocol/lifecycle'
import { DEAD_LETTERS_PAGE_DEFAULT, DEAD_LETTERS_PAGE_MAX } from '@rollcall/protocol/limits'
import { type TSchema, Type } from 'typebox'
import { answerRef } from './documentation.ts'

const INSTANT = { format: 'date-time', examples: ['2026-01-01T12:00:00.000Z'] }
const TYPES = Object.keys(LIFECYCLE_EVENTS)
const REASONS = [...new Set(Object.values(LIFECYCLE_EVENTS).flat())]

export const WEBHOOK_PATH = Type.Object({ webhookId: Type.String() })

const ORGANIZATION = {
  organizationId: Type.Optional(
    Type.String({
      description: 'Whose webhooks. Read from callers with role SERVICE, for whom it is required.',
    }),
  ),
}

export const WEBHOOKS_PARAMETERS = Type.Object(ORGANIZATION)

export const DEAD_LETTERS_PARAMETERS = Type.Object({
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: DEAD_LETTERS_PAGE_MAX, default: DEAD_LETTERS_PAGE_DEFAULT }),
  ),
  cursor: Type.Optional(Type.String({ description: 'The `nextCursor` of the page before.' })),
  ...ORGANIZATION,
})

export const REPLAY_BODY = Type.Object({
  ids: Type.Optional(Type.Array(Type.String(), { description: 'Ids of events. Absent: all dead letters.' })),
})

export function webhookSchemas(): readonly TSchema[] {
  return [webhook(), lifecycleEvent(), deadLetterPage(), replay(), attempt(), attempts()]
}

function webhook(): TSchema {
  return Type.Object(
    {
      id: Type.String(),
      url: Type.String({ description: 'Without its query, which may hold a token.' }),
      events: Type.Array(Type.String({ enum: TYPES })),
      enabled: Type.Boolean(),
      pending: Type.Integer({ description: 'Events that it has not taken yet.' }),
      deadLetters: Type.Integer(),
      lastSuccessAt: Type.Optional(Type.String({ ...INSTANT, description: 'Since the server started.' })),
      lastFailureAt: Type.Optional(Type.String({ ...INSTANT, description: 'Since the server started.' })),
      lastFailure: Type.Optional(
        Type.String({ description: 'A code.', examples: ['status_503', 'timeout'] }),
      ),
      nextAttemptAt: Type.Optional(
        Type.String({ ...INSTANT, description: 'Absent: nothing is to be sent.' }),
      ),
    },
    { $id: 'Webhook', description: 'A webhook and how it is doing.' },
  )
}

function lifecycleEvent(): TSchema {
  return Type.Object(
    {
      id: Type.String({ description: 'The same however often it is sent.' }),
      type: Type.String({ enum: TYPES }),
      timestamp: Type.String(INSTANT),
      organizationId: Type.String(),
      userId: Type.Optional(
        Type.String({ description: 'Absent with `FeedGapEvent`, which is about nobody.' }),
      ),
      userEndpointId: Type.Optional(
        Type.String({
          description: 'Absent with these: `FeedGapEvent`, and `SignInLockedEvent`, which is about a user.',
        }),
      ),
      sequence: Type.Integer({ description: 'Ascends; has gaps.' }),
      reason: Type.String({ enum: REASONS }),
      registeredAt: Type.Optional(
        Type.String({ ...INSTANT, description: 'These three are absent where nothing was registered.' }),
      ),
      lastKeepAliveAt: Type.Optional(Type.String(INSTANT)),
      keepAliveSeconds: Type.Optional(Type.Integer()),
      connectedAt: Type.Optional(Type.String({ ...INSTANT, description: 'With a disconnection.' })),
      eventId: Type.Optional(Type.String({ description: 'With a receipt: the id of the event.' })),
      answer: Type.Optional(Type.Object({}, { description: 'With an answer: what was said, masked.' })),
      dropped: Type.Optional(
        Type.Integer({ description: 'With a gap: how many events were dropped in its place.' }),
      ),
      from: Type.Optional(Type.String({ ...INSTANT, description: 'When the first of them happened.' })),
      to: Type.Optional(Type.String({ ...INSTANT, description: 'When the last of them happened.' })),
    },
    {
      $id: 'LifecycleEvent',
      description: 'Something that happened to an endpoint, to an event or to a user.',
    },
  )
}

function attempt(): TSchema {
  return Type.Object(
    {
      at: Type.String({ ...INSTANT, description: 'When it was over.' }),
      kind: Type.String({ enum: ['events', 'replay', 'test'], description: '`replay`: of dead letters.' }),
      messageId: Type.String({ description: 'The header `webhook-id`.' }),
      events: Type.Integer({ description: 'How many it held.' }),
      tookMs: Type.Integer({ description: 'Until the answer, or until there was none.' }),
      status: Type.Optional(
        Type.Integer({ description: 'Of the answer. Absent: there was none.', examples: [204] }),
      ),
      failure: Type.Optional(
        Type.String({
          description: 'Why it was not taken, a code. Absent: it was.',
          examples: ['status_503'],
        }),
      ),
    },
    { $id: 'WebhookAttempt', description: 'A request to a webhook, and what came of it.' },
  )
}

function attempts(): TSchema {
  return Type.Object(
    { attempts: Type.Array(Type.Unsafe(answerRef('WebhookAttempt')), { description: 'Newest first.' }) },
    { $id: 'WebhookAttempts', description: 'The last requests to a webhook.' },
  )
}

function deadLetterPage(): TSchema {
  return Type.Object(
    {
      deadLetters: Type.Array(
        Type.Object({
          event: Type.Unsafe(answerRef('LifecycleEvent')),
          failure: Type.String({ description: 'Why the last attempt failed, a code.' }),
          failedAt: Type.String(INSTANT),
        }),
        { description: 'Oldest first.' },
      ),
      nextCursor: Type.Optional(Type.String({ description: 'Absent at the end.' })),
    },
    { $id: 'DeadLetterPage', description: 'A page of events that a webhook did not take.' },
  )
}

function replay(): TSchema {
  return Type.Object(
    { count: Type.Integer({ description: 'Dead letters that are being sent again.' }) },
    { $id: 'Replay' },
  )
}
