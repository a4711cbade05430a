import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DiscardReason } from '@rollcall/protocol/history'
import { readVectors } from '../../../test/helpers/vectors.ts'
import type { HistoryRecord, Outcome, Sender } from '../store/store.ts'
import type { Reader } from './history.ts'
import { recordJson } from './record-json.ts'

/** A backend of the organization reads. */
const BACKEND: Reader = {
  caller: { kind: 'client', id: 'acme-backend' },
  scope: { organizationId: 'acme' },
}

type HistoryVector = {
  readonly accepted: {
    readonly id: string
    readonly organizationId: string
    readonly userId: string
    readonly qos: 0 | 1
    readonly sentBy?: Sender
    readonly at: string
    readonly event: string
    readonly endpoints: readonly {
      readonly userEndpointId: string
      readonly noted: readonly {
        readonly outcome: Outcome
        readonly at: string
        readonly reason?: DiscardReason
      }[]
    }[]
    readonly answered?: { readonly userEndpointId: string; readonly at: string; readonly answer?: string }
  }
  readonly record: string
}

describe('records of the vectors', () => {
  for (const { name, why, accepted, record } of readVectors<HistoryVector>('history').vectors)
    it(name, () => {
      const json = recordJson(recordOf(accepted), BACKEND)
      assert.equal(json, record, why)
      assert.doesNotThrow(() => JSON.parse(json))
    })
})

function recordOf({ id, at, event, endpoints, answered, ...rest }: HistoryVector['accepted']): HistoryRecord {
  return {
    ...rest,
    recordId: 1,
    eventId: id,
    type: 'CallOfferedEvent',
    acceptedAtWallMs: Date.parse(at),
    senderId: 'backend',
    event: Buffer.from(event),
    endpoints: endpoints.map(({ userEndpointId, noted }) => ({
      userEndpointId,
      outcome: noted.at(-1)?.outcome ?? 'queued',
      at: noted.map(({ at: when, ...one }) => ({ ...one, atWallMs: Date.parse(when) })),
    })),
    ...(answered === undefined ? {} : { answered: answeredOf(answered) }),
  }
}

function answeredOf({ userEndpointId, at, answer }: NonNullable<HistoryVector['accepted']['answered']>) {
  const said = answer === undefined ? {} : { answer: Buffer.from(answer) }
  return { userEndpointId, atWallMs: Date.parse(at), ...said }
}
