import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { readVectors, type Text, textOf } from '../../../test/helpers/vectors.ts'
import type { Registration } from '../store/store.ts'
import { parseSendEvent, type SendEventCommand } from './command/command.ts'
import { withId } from './event-bytes.ts'
import { reminderBytes } from './links/reminder.ts'

type SendEventVector = {
  readonly body?: Text
  readonly bodyHex?: string
  readonly accepted?: {
    readonly event: Text
    readonly eventId: string
    readonly expiresAt?: string
    readonly [field: string]: unknown
  }
  readonly refused?: { readonly error: string; readonly fields: readonly string[] }
}

type ReminderVector = {
  readonly registration: Pick<Registration, 'userId' | 'userEndpointId' | 'keepAliveSeconds'>
  readonly id: string
  readonly now: string
  readonly expiresAt: string
  readonly event: string
}

describe('sendEvent bodies of the vectors', () => {
  const { newId, vectors } = readVectors<SendEventVector, { readonly newId: string }>('send-event')

  for (const { name, why, body = '', bodyHex, accepted, refused } of vectors)
    it(name, () => {
      const bytes = bodyHex === undefined ? Buffer.from(textOf(body)) : Buffer.from(bodyHex, 'hex')
      assert.notEqual(accepted === undefined, refused === undefined, 'a vector is accepted or refused')
      assert.deepEqual(
        outcome(bytes, newId),
        accepted === undefined ? { refused } : { accepted: expected(accepted) },
        why,
      )
    })
})

/** What the server does with a body, in the words of the vectors. */
function outcome(body: Buffer, newId: string): object {
  try {
    const command = parseSendEvent(body)
    const { userId, organizationId = null, userEndpointId = null, masks, qos, event } = command
    const rest = {
      eventId: event.id ?? newId,
      event: withId(event, newId).toString(),
      ...given(command, newId),
    }
    return { accepted: { userId, organizationId, userEndpointId, masks, qos, ...rest } }
  } catch (error) {
    if (!(error instanceof RollcallError)) throw error
    return { refused: { error: error.code, fields: [...error.fields.keys()].sort() } }
  }
}

/** The members that the vectors have only where they are given; an instant is compared by its time. */
function given(command: SendEventCommand, newId: string): object {
  const { ttlSeconds, expiresAtWallMs, collapseKey, cancelOthers, cancelOn, waitFor, graceMs } = command
  return {
    ...(ttlSeconds === undefined ? {} : { ttlSeconds }),
    ...(expiresAtWallMs === undefined ? {} : { expiresAt: expiresAtWallMs }),
    ...(collapseKey === undefined ? {} : { collapseKey }),
    ...(cancelOthers === undefined ? {} : { cancelOthers: withId(cancelOthers, newId).toString() }),
    ...(cancelOthers === undefined ? {} : { cancelOn }),
    ...(waitFor === 'acknowledged' ? {} : { waitFor }),
    ...(graceMs === undefined ? {} : { graceMs }),
  }
}

/** A vector's `accepted` in the form of `outcome`. */
function expected({ event, expiresAt, ...rest }: NonNullable<SendEventVector['accepted']>): object {
  return {
    ...rest,
    event: textOf(event),
    ...(expiresAt === undefined ? {} : { expiresAt: Date.parse(expiresAt) }),
  }
}

describe('reminders of the vectors', () => {
  for (const { name, why, registration, id, now, expiresAt, event } of readVectors<ReminderVector>('reminder')
    .vectors)
    it(name, () => {
      const nowWallMs = Date.parse(now)
      const remainingMs = Date.parse(expiresAt) - nowWallMs
      const bytes = reminderBytes({ ...REGISTRATION, ...registration, remainingMs }, nowWallMs, id)
      assert.equal(bytes.toString(), event, why)
    })
})

/** What a reminder does not show. */
const REGISTRATION: Registration = {
  organizationId: 'acme',
  userId: '',
  userEndpointId: '',
  registrationId: 1,
  keepAliveSeconds: 1,
  serverKeepAliveReminderOn: true,
  registeredAtWallMs: 0,
  lastKeepAliveAtWallMs: 0,
  remainingMs: 0,
  reminded: false,
  authorizedUntilWallMs: 0,
}
