import { DISCARD_REASONS } from '@rollcall/protocol/history'
import {
  HISTORY_PAGE_DEFAULT,
  HISTORY_PAGE_MAX,
  HISTORY_TEXT_CHARACTERS_MAX,
} from '@rollcall/protocol/limits'
import { type TSchema, Type } from 'typebox'
import { answerRef } from './documentation.ts'

const INSTANT = { format: 'date-time', examples: ['2026-01-01T12:00:00.000Z'] }

export const ORGANIZATION_PARAMETER = {
  organizationId: Type.Optional(
    Type.String({
      description: 'Only events in this organization. Read from callers with role SERVICE only.',
    }),
  ),
}

export const HISTORY_PARAMETERS = Type.Object({
  userId: Type.Optional(Type.String({ description: 'The recipient.' })),
  userEndpointId: Type.Optional(Type.String({ description: 'An endpoint that the event was accepted for.' })),
  type: Type.Optional(Type.String({ description: 'The event’s `type`.', examples: ['CallOfferedEvent'] })),
  outcome: Type.Optional(
    Type.String({
      enum: ['not_connected', 'queued', 'woken', 'sent', 'acknowledged', 'expired', 'discarded'],
      description: 'What became of it at one of its endpoints.',
    }),
  ),
  text: Type.Optional(
    Type.String({
      maxLength: HISTORY_TEXT_CHARACTERS_MAX,
      description:
        'A part of the event as it is kept, its type included; upper and lower case alike. Pages may be short: follow their cursors.',
    }),
  ),
  from: Type.Optional(Type.String({ ...INSTANT, description: 'Accepted at this instant or later.' })),
  to: Type.Optional(Type.String({ ...INSTANT, description: 'Accepted before this instant.' })),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: HISTORY_PAGE_MAX, default: HISTORY_PAGE_DEFAULT }),
  ),
  cursor: Type.Optional(Type.String({ description: 'The `nextCursor` of a page with the same filters.' })),
  ...ORGANIZATION_PARAMETER,
})

export function historySchemas(): readonly TSchema[] {
  return [historyRecord(), historyPage()]
}

function historyRecord(): TSchema {
  const instant = (description: string) => Type.Optional(Type.String({ ...INSTANT, description }))
  return Type.Object(
    {
      id: Type.String({ description: 'The event’s id.' }),
      organizationId: Type.String(),
      userId: Type.String({ description: 'The recipient.' }),
      qos: Type.Integer({ minimum: 0, maximum: 1 }),
      acceptedAt: Type.String(INSTANT),
      sentBy: Type.Optional(
        Type.Object(
          {
            kind: Type.String({
              enum: ['user', 'client', 'service'],
              description: 'By the sender’s token: a user, client credentials, or role SERVICE.',
            }),
            id: Type.Optional(
              Type.String({
                description:
                  'Its user id or client id, for those who read the whole organization and for itself. That of role SERVICE for role SERVICE.',
              }),
            ),
          },
          { description: 'Who sent it. Absent in records of former versions.' },
        ),
      ),
      event: Type.Object({}, { description: 'As it was sent, but masked.', additionalProperties: true }),
      endpoints: Type.Array(
        Type.Object({
          userEndpointId: Type.String(),
          outcome: Type.String({
            enum: ['not_connected', 'queued', 'woken', 'sent', 'acknowledged', 'expired', 'discarded'],
            description: '`sent` is final at QoS 0. The last three always are.',
          }),
          notConnectedAt: instant('QoS 0: there was no connection, and the event is lost.'),
          queuedAt: instant('QoS 1: it was in the mailbox, durable.'),
          wokenAt: instant('Its device was asked to wake up.'),
          sentAt: instant('It was first handed to a connection.'),
          acknowledgedAt: instant('The device said that it has it.'),
          answeredAt: instant('It was the first to answer. No outcome: others may come later.'),
          expiredAt: instant('Its lifetime ended first.'),
          discardedAt: instant('It was given up.'),
          discardReason: Type.Optional(
            Type.String({
              enum: [...DISCARD_REASONS],
              description:
                'Why. Absent where it was not discarded, and in records of former versions. There may come more.',
            }),
          ),
        }),
        { description: 'One for each endpoint that was registered.' },
      ),
      answeredAt: instant('When it was answered. Absent: by nobody.'),
      answeredBy: Type.Optional(Type.String({ description: 'The endpoint that was the first to answer.' })),
      answer: Type.Optional(
        Type.Object({}, { description: 'What it said, masked like the event.', additionalProperties: true }),
      ),
    },
    { $id: 'HistoryRecord', description: 'An accepted event and what became of it.' },
  )
}

function historyPage(): TSchema {
  return Type.Object(
    {
      events: Type.Array(Type.Unsafe(answerRef('HistoryRecord')), { description: 'Newest first.' }),
      nextCursor: Type.Optional(Type.String({ description: 'For the next page. Absent at the end.' })),
    },
    { $id: 'HistoryPage', description: 'A page of the history.' },
  )
}
