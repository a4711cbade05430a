import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encodeFields, FieldReader } from './fields.ts'
import { digestKey, mailboxKey, readMailboxKey, readRegistrationId, registrationKey } from './keys.ts'
import { decodeEntry, encodeEntry } from './mailboxes/mailbox-row.ts'
import {
  decodeIdentity,
  decodeLiveness,
  encodeIdentity,
  encodeLiveness,
} from './registrations/registration-row.ts'

const NUMBERS = [1, 255, 256, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 52, Number.MAX_SAFE_INTEGER]

describe('keys', () => {
  it('sort like the numbers that they hold, and give them back', () => {
    const keys = NUMBERS.map(registrationKey)
    assert.deepEqual(keys, [...keys].sort(Buffer.compare))
    assert.deepEqual(keys.map(readRegistrationId), NUMBERS)
    const entries = NUMBERS.map((number) => mailboxKey(7, number, 65_536))
    assert.deepEqual(entries, [...entries].sort(Buffer.compare))
    assert.deepEqual(
      entries.map(readMailboxKey),
      NUMBERS.map((sequence) => ({ registrationId: 7, sequence, bytes: 65_536 })),
    )
  })

  it('made of texts keep the texts apart', () => {
    assert.notDeepEqual(digestKey('ab', 'c'), digestKey('a', 'bc'))
    assert.notDeepEqual(digestKey('a","b'), digestKey('a', 'b'))
  })
})

describe('rows', () => {
  it('hold ids of any script and numbers exactly', () => {
    const identity = {
      organizationId: 'ö'.repeat(128),
      userId: '漢字',
      userEndpointId: '😀',
      registeredAtWallMs: 1_795_524_125_611,
      keepAliveSeconds: 86_400,
      serverKeepAliveReminderOn: true,
    }
    assert.deepEqual(decodeIdentity(encodeIdentity(identity)), identity)
    const liveness = {
      lastKeepAliveAtWallMs: -1,
      expiresAtMs: 1_795_524_130_610.7517,
      authorizedUntilWallMs: 9e15,
      reminded: true,
    }
    assert.deepEqual(decodeLiveness(encodeLiveness(liveness, 7)), { ...liveness, recovery: 7 })
    const ofBefore = encodeLiveness(liveness, 7).subarray(0, 25)
    assert.deepEqual(decodeLiveness(ofBefore), { ...liveness, recovery: 0 })
  })

  it('hold payloads of any bytes, none included', () => {
    for (const payload of [Buffer.alloc(0), Buffer.from([0, 255])]) {
      const event = { eventId: 'é', payload, sealed: true, acceptedAtWallMs: 1.5 }
      assert.deepEqual(decodeEntry(encodeEntry(event)), event)
    }
  })

  it('that are cut short are not read', () => {
    const row = encodeFields([1, 'text', Buffer.from([1, 2])])
    const reader = new FieldReader(row.subarray(0, row.length - 1))
    assert.deepEqual([reader.number(), reader.text()], [1, 'text'])
    assert.throws(() => reader.bytes(), RangeError)
  })
})
