import { type TSchema, Type } from 'typebox'
import { STEP_SECONDS } from '../../charts/charts.ts'
import { STATISTICS_PARAMETERS } from './statistics.ts'

const INSTANT = { format: 'date-time', examples: ['2026-01-01T12:00:00.000Z'] }

export const DAY_PARAMETERS = Type.Object({
  ...STATISTICS_PARAMETERS.properties,
  stepSeconds: Type.Optional(
    Type.Integer({ enum: [...STEP_SECONDS], description: 'How long each step is. Default: 60.' }),
  ),
})

export function dayStatisticsSchemas(): readonly TSchema[] {
  return [dayStatistics()]
}

function dayStatistics(): TSchema {
  return Type.Object(
    {
      at: Type.String({ ...INSTANT, description: 'When this was so.' }),
      organizationId: Type.Unsafe({
        type: ['string', 'null'],
        description: '`null`: all organizations together.',
        examples: ['acme'],
      }),
      from: Type.String({ ...INSTANT, description: 'Where the first step begins.' }),
      stepSeconds: Type.Integer({ description: 'How long each step is.', examples: [3600] }),
      minutes: Type.Array(Type.Integer({ minimum: 0 }), {
        description:
          'How many minutes of each step are known: fewer where the server did not run, and at the end.',
        examples: [[60, 60, 12]],
      }),
      registrations: series('Live registrations, as of the last known minute.'),
      connected: series('Those of them that had a connection.'),
      mailboxEvents: series('QoS 1 events that waited to be acknowledged, counted for each endpoint.'),
      qos0: each('events', 'sent', 'notConnected', 'discarded', 'answered'),
      qos1: each(
        ...['events', 'copies', 'acknowledged', 'expired', 'discarded'],
        ...['registrationEnded', 'superseded', 'mailboxFull', 'answered', 'woken'],
      ),
      ended: each('expired', 'unregistered'),
      deliveryMs: Type.Object(
        { qos0: quantiles(), qos1: quantiles() },
        { description: 'From acceptance to the socket (`qos0`) or to the acknowledgement (`qos1`).' },
      ),
      expiryLatenessMs: quantiles(),
    },
    { $id: 'DayStatistics', description: 'How an organization was doing in the last 24 hours.' },
  )
}

/** The counts of `Statistics`, of each step by itself. */
function each(...names: readonly string[]): TSchema {
  return Type.Object(Object.fromEntries(names.map((name) => [name, series('In each step.')])), {
    description: 'As in `Statistics`, but of each step by itself.',
  })
}

function quantiles(): TSchema {
  return Type.Object(
    { p50: series('Half took no longer.'), p99: series('99 of 100 took no longer.') },
    { description: 'Milliseconds, as exact as the buckets of `Statistics`.' },
  )
}

function series(description: string): TSchema {
  return Type.Array(Type.Unsafe({ type: ['number', 'null'] }), { description, examples: [[12, 12, null]] })
}
