import { type TSchema, Type } from 'typebox'

const INSTANT = { format: 'date-time', examples: ['2026-01-01T12:00:00.000Z'] }

export const STATISTICS_PARAMETERS = Type.Object({
  organizationId: Type.Optional(
    Type.String({
      description:
        'Whose figures. Read from callers with role SERVICE only, who get the total of all without it.',
    }),
  ),
})

export function statisticsSchemas(): readonly TSchema[] {
  return [statistics()]
}

function statistics(): TSchema {
  return Type.Object(
    {
      at: Type.String({ ...INSTANT, description: 'When this was so.' }),
      since: Type.String({
        ...INSTANT,
        description:
          'From when on is counted: when the server started, of several processes the last of them.',
      }),
      organizationId: Type.Unsafe({
        type: ['string', 'null'],
        description: '`null`: all organizations together.',
        examples: ['acme'],
      }),
      registrations: count('Live registrations.', 12),
      connected: count('Those of them that have a connection.', 8),
      mailboxEvents: count('QoS 1 events that wait to be acknowledged, counted for each endpoint.', 3),
      mailboxBytes: count(
        'What those take on disk, about; what several endpoints share is counted once.',
        984,
      ),
      qos0: qosZero(),
      qos1: qosOne(),
      ended: Type.Object(
        {
          expired: count('No keepalive came in time.'),
          unregistered: count('By the device, a kick, or a revocation.'),
        },
        { description: 'Registrations that ended.' },
      ),
      deliveryMs: Type.Object(
        { bounds: bounds(), qos0: counts(), qos1: counts() },
        { description: 'From acceptance to the socket (`qos0`) or to the acknowledgement (`qos1`).' },
      ),
      expiryLatenessMs: Type.Object(
        { bounds: bounds(), counts: counts() },
        { description: 'From the deadline of a registration to its expiry.' },
      ),
      shares: Type.Object(
        {
          links: share('MQTT connections.'),
          waiters: share('Requests that wait for receipts.'),
          bulkBytes: share('Bytes of bulk requests.'),
          answerBytes: share('Bytes of large answers on their way.'),
          unfinishedBytes: share('Bytes of MQTT packets that have begun.'),
          writeBytes: share('Bytes of events that wait to be written.'),
          historyBytes: share('Bytes of its history, about. Past the bound for all its oldest go.'),
        },
        { description: 'What it holds of what everybody shares. There may come more.' },
      ),
      nodes: Type.Object(
        {
          answered: count('Whose figures are added up here.', 1),
          silent: Type.Array(Type.String(), {
            description: 'Those that did not answer in time: their figures are missing.',
            examples: [[]],
          }),
        },
        { description: 'The processes of the service.' },
      ),
    },
    { $id: 'Statistics', description: 'How an organization is doing.' },
  )
}

function share(description: string): TSchema {
  return Type.Object(
    { used: count('Held now.'), max: count('The most that it may hold now.', 50) },
    { description },
  )
}

function qosZero(): TSchema {
  return Type.Object(
    {
      events: count('Accepted, those for nobody included.'),
      sent: count('Handed to a connection.'),
      notConnected: count('Lost: there was no connection.'),
      discarded: count('Lost: the connection was congested, or the lifetime was over.'),
      answered: count('Answered: one for each event.'),
    },
    { description: 'Best-effort events. All but `events` count endpoints.' },
  )
}

function qosOne(): TSchema {
  return Type.Object(
    {
      events: count('Accepted, those for nobody and the cancelling ones included.'),
      copies: count('Mailboxes that took one.'),
      acknowledged: count('Copies that were acknowledged.'),
      expired: count('Copies whose lifetime ended first.'),
      discarded: count('Copies given up: one of the next two, or larger than the client takes.'),
      registrationEnded: count('Of `discarded`: the registration ended first, nobody was there any more.'),
      superseded: count('Of `discarded`: a newer event took its place, or another endpoint was first.'),
      mailboxFull: count('Mailboxes that had no room.'),
      woken: count('Copies whose device was asked to wake up.'),
      answered: count('Answered: one for each event.'),
    },
    { description: 'At-least-once events. All but `events` count endpoints.' },
  )
}

function count(description: string, example = 0): TSchema {
  return Type.Integer({ minimum: 0, description, examples: [example] })
}

function bounds(): TSchema {
  return Type.Array(Type.Number(), { description: 'Milliseconds, ascending.', examples: [[1, 10, 100]] })
}

function counts(): TSchema {
  return Type.Array(Type.Integer({ minimum: 0 }), {
    description:
      'How many took at most the bound at the same place, and longer than the one before. One more than bounds: the last is of what took longer than all.',
    examples: [[7, 4, 1, 0]],
  })
}
