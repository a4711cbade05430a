import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import type { OutboundEvent } from '../../server/src/delivery/delivery.ts'
import { PEER } from '../helpers/link-peer.ts'
import { readVectors, type Text, textOf } from '../helpers/vectors.ts'
import { openRooms, type Rooms } from './rooms.ts'

type Refused = { readonly error: string; readonly fields: readonly string[] }

type Step = {
  readonly operation: 'create' | 'register' | 'keepalive' | 'unregister'
  readonly body: Text
  readonly status: number
  readonly answer?: unknown
  readonly refused?: Refused
}

const CALLER = { organizationId: 'acme', userId: 'alice', token: 'T' }

let rooms: Rooms
before(async () => {
  rooms = await openRooms(CALLER)
})
after(() => rooms.close())

function post(path: string, body: string | Buffer): Promise<Response> {
  const headers = { authorization: `Bearer ${CALLER.token}`, 'content-type': 'application/json' }
  return fetch(`${rooms.url}/rtc-api/users/endpoints${path}`, { method: 'POST', headers, body })
}

/** A refusal in the words of the vectors; checks that it has the one shape of all refusals. */
async function refusalIn(response: Response): Promise<Refused> {
  assert.equal(response.headers.get('content-type'), 'application/json; charset=utf-8')
  const body: Record<string, unknown> = JSON.parse(await response.text())
  assert.ok(Object.values(body).every((value) => typeof value === 'string'))
  const { error, message, ...fields } = body
  assert.ok(message)
  return { error: String(error), fields: Object.keys(fields).sort() }
}

describe('register, keepalive and unregister as in the vectors', () => {
  const { registered, vectors } = readVectors<{ steps: readonly Step[] }, { registered: string }>('commands')

  beforeEach(async () => {
    for (const { registration } of await rooms.registrar.look([CALLER], {}))
      await rooms.registrar.unregister(registration)
    const wanted = { userEndpointId: registered, keepAliveSeconds: 60, serverKeepAliveReminderOn: false }
    await rooms.registrar.register(CALLER, wanted, 0)
  })

  for (const { name, why, steps } of vectors)
    it(name, async () => {
      for (const step of steps) await checkStep(step, `${why} ${JSON.stringify(step).slice(0, 300)}`)
    })
})

async function checkStep(step: Step, why: string): Promise<void> {
  const path = step.operation === 'create' ? '' : `/${step.operation}`
  const response = await post(path, textOf(step.body))
  assert.equal(response.status, step.status, why)
  if (step.status === 204) assert.equal(await response.text(), '')
  else if (step.status === 200) assertAnswer(await response.json(), step.answer, why)
  else assert.deepEqual(await refusalIn(response), step.refused, why)
}

/** `"*"` stands for an id that the server makes. */
function assertAnswer(answer: unknown, wanted: unknown, why: string): void {
  const made = /"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"/
  assert.equal(JSON.stringify(answer).replace(made, '"*"'), JSON.stringify(wanted), why)
}

type SendEventVector = {
  readonly body?: Text
  readonly bodyHex?: string
  readonly accepted?: {
    readonly userId: string
    readonly userEndpointId: string | null
    readonly eventId: string
    readonly event: Text
  }
  readonly refused?: Refused
}

describe('sendEvent as in the vectors, from the request to the link', () => {
  const { newId, vectors } = readVectors<SendEventVector, { readonly newId: string }>('send-event')

  for (const { name, why, body = '', bodyHex, accepted, refused } of vectors)
    it(name, async () => {
      const received = accepted === undefined ? [] : await attach(accepted)
      const bytes = bodyHex === undefined ? Buffer.from(textOf(body)) : Buffer.from(bodyHex, 'hex')
      const response = await post('/sendEvent', bytes)
      if (accepted === undefined) {
        assert.equal(response.status, 400)
        assert.deepEqual(await refusalIn(response), refused, why)
        return
      }
      assert.deepEqual([response.status, await response.text()], [200, '1'])
      const eventId = decodeURIComponent(response.headers.get('event-id') ?? '')
      if (accepted.eventId !== newId) assert.equal(eventId, accepted.eventId)
      assert.deepEqual(received, [textOf(accepted.event).replace(newId, eventId)], why)
    })
})

type Addressee = NonNullable<SendEventVector['accepted']>

/** Registers the endpoint that is sent to, and takes all that comes. */
async function attach({ userId, userEndpointId }: Addressee): Promise<readonly string[]> {
  const { registrar, delivery } = rooms
  const received: string[] = []
  const registration = await registrar.register(
    { organizationId: CALLER.organizationId, userId },
    { userEndpointId: userEndpointId ?? 'e1', keepAliveSeconds: 60, serverKeepAliveReminderOn: false },
    0,
  )
  const send = ({ payload, acknowledged }: OutboundEvent): boolean => {
    received.push(Buffer.from(payload).toString())
    acknowledged?.()
    return true
  }
  const attachment = delivery.attach(registration, {
    peer: PEER,
    send,
    hasRoom: () => true,
    close: () => attachment.detach(),
  })
  attachment.start()
  return received
}
