import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { LIFECYCLE_EVENTS, type LifecycleEvent } from '@rollcall/protocol/lifecycle'
import { readVectors } from '../../../test/helpers/vectors.ts'
import type { FeedEntry } from '../store/store.ts'
import { batchOf } from './batch.ts'
import { signedHeaders } from './sign.ts'

type WebhookVector = { readonly headers: { readonly [name: string]: string }; readonly body: string }

const { secret, vectors } = readVectors<WebhookVector, { readonly secret: string }>('webhooks')
const HOOK = { organizationId: 'acme', webhookId: 'hook' }

function eventsOf({ body }: WebhookVector): readonly LifecycleEvent[] {
  return JSON.parse(body).events
}

function entryOf(event: LifecycleEvent): FeedEntry {
  const { timestamp, registeredAt, lastKeepAliveAt, keepAliveSeconds, ...rest } = event
  const { connectedAt, answer, from, to: _to, id: _id, userId = '', userEndpointId = '', ...same } = rest
  const isRegistered =
    registeredAt !== undefined && lastKeepAliveAt !== undefined && keepAliveSeconds !== undefined
  return {
    ...{ ...same, userId, userEndpointId },
    atWallMs: Date.parse(timestamp),
    ...(isRegistered && {
      registeredAtWallMs: Date.parse(registeredAt),
      lastKeepAliveAtWallMs: Date.parse(lastKeepAliveAt),
      keepAliveSeconds,
    }),
    ...(from === undefined ? {} : { fromWallMs: Date.parse(from) }),
    ...(answer === undefined ? {} : { answer: JSON.stringify(answer) }),
    ...(connectedAt === undefined ? {} : { connectedAtWallMs: Date.parse(connectedAt) }),
  }
}

describe('requests of the vectors', () => {
  for (const vector of vectors)
    it(vector.name, () => {
      const batch = batchOf(HOOK, eventsOf(vector).map(entryOf)) ?? assert.fail()
      assert.equal(batch.body.toString(), vector.body, vector.why)
      const atWallMs = Number(vector.headers['webhook-timestamp']) * 1000
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
      assert.deepEqual(
        signedHeaders({ id: batch.messageId, atWallMs, body: batch.body }, [key]),
        vector.headers,
      )
    })

  it('show every type there is, with reasons of its list', () => {
    const events = vectors.flatMap(eventsOf)
    assert.deepEqual(
      [...new Set(events.map(({ type }) => type))].sort(),
      Object.keys(LIFECYCLE_EVENTS).sort(),
    )
    for (const { type, reason } of events)
      assert((LIFECYCLE_EVENTS[type] as readonly string[]).includes(reason), `${type} ${reason}`)
  })
})
