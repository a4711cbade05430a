import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encodeMessage } from '../../cluster/cluster.ts'
import { decode, encode, type NodeMessage } from './messages.ts'

const registration = { organizationId: 'acme', userId: 'é', userEndpointId: 'phone', registrationId: 7 }
const at = { registration, linkId: 3 }
const event = { eventId: 'e', sealed: false, payload: Buffer.from('{"id":"e"}') }

/** Each kind, and its form between processes: as it was released, for a newer version talks to an older. */
const FORMS: readonly (readonly [NodeMessage, head: string])[] = [
  [
    { kind: 'appended', ...at, part: 5, number: 1, sequence: 9, follows: 8, mustBeClaimed: true, ...event },
    '{"kind":"appended",REGISTRATION,"linkId":3,"part":5,"number":1,"sequence":9,"follows":8,"mustBeClaimed":true,"eventId":"e","sealed":false}',
  ],
  [
    { kind: 'taken_over', ...at, part: 5, number: 2 },
    '{"kind":"taken_over",REGISTRATION,"linkId":3,"part":5,"number":2}',
  ],
  [
    { kind: 'registration_over', ...at, part: 5, number: 3, how: 'expired' },
    '{"kind":"registration_over",REGISTRATION,"linkId":3,"part":5,"number":3,"how":"expired"}',
  ],
  [
    { kind: 'reminded', ...at, keepAliveSeconds: 15, remainingMs: 5000 },
    '{"kind":"reminded",REGISTRATION,"linkId":3,"keepAliveSeconds":15,"remainingMs":5000}',
  ],
  [
    { kind: 'entry_over', registration, sequence: 9, isAcknowledged: true },
    '{"kind":"entry_over",REGISTRATION,"sequence":9,"isAcknowledged":true}',
  ],
  [
    {
      ...{ kind: 'answered', to: { organizationId: 'acme', userId: 'bob' } },
      ...{ senderId: 's', eventId: 'e', userEndpointId: 'tab' },
    },
    '{"kind":"answered","to":{"organizationId":"acme","userId":"bob"},"senderId":"s","eventId":"e","userEndpointId":"tab"}',
  ],
  [
    { kind: 'sent_once', ...at, messageId: 'm', ...event },
    '{"kind":"sent_once",REGISTRATION,"linkId":3,"messageId":"m","eventId":"e","sealed":false}',
  ],
]

const REGISTRATION =
  '"registration":{"organizationId":"acme","userId":"é","userEndpointId":"phone","registrationId":7}'

describe('what processes tell each other', () => {
  for (const [message, form] of FORMS)
    it(`has one form: ${message.kind}`, () => {
      const head = form.replace('REGISTRATION', REGISTRATION)
      const body = 'payload' in message ? Buffer.from(message.payload) : Buffer.alloc(0)
      const prefix = Buffer.from([1, 0, 0, 0, Buffer.byteLength(head)])
      const bytes = Buffer.concat([prefix, Buffer.from(head), body])
      assert.equal(encode(message).toString(), bytes.toString())
      const { payload, ...read } = { payload: undefined, ...decode(bytes) }
      const { payload: _, ...wanted } = { payload: undefined, ...message }
      assert.deepEqual(read, wanted)
      assert.deepEqual(Buffer.from(payload ?? []), body)
    })

  it('is dropped where it is of an unknown kind, or lacks something, or has it of another type', () => {
    const [[good] = []] = FORMS
    assert(good !== undefined && 'payload' in good)
    const { payload, ...head } = good
    for (const bad of [
      { ...head, kind: 'else' },
      { ...head, kind: 'toString' },
      { ...head, linkId: '3' },
      { ...head, registration: { ...registration, registrationId: '7' } },
      { ...head, registration: null },
      { kind: 'appended' },
    ])
      assert.equal(decode(encodeMessage(bad, payload)), undefined, JSON.stringify(bad))
    assert.ok(decode(encodeMessage({ ...head, newer: 1 }, payload)), 'what a newer version adds is let be')
  })
})
