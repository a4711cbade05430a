import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createBackend } from '../backend/backend.ts'
import type { AnyEventOf, EventOf } from '../event-types.ts'
import type { SdkError } from '../sdk-error.ts'
import { connect } from './connect.ts'
import { type Handlers, handlerOf } from './handlers.ts'
import type { EventContext } from './inbox.ts'

const CONTEXT: EventContext = { qos: 1, attempt: 1, signal: new AbortController().signal }

function open(handlers: Handlers) {
  const errors: SdkError[] = []
  const handle = handlerOf(handlers, (error) => void errors.push(error))
  let count = 0
  return {
    errors,
    send: (type: string) => handle({ id: `e-${++count}`, type, timestamp: '2026-01-01T00:00:00Z' }, CONTEXT),
  }
}

describe('handlers by type', () => {
  it('get the events of their type with the context, and onEvent the others', async () => {
    const log: string[] = []
    const { send, errors } = open({
      on: {
        CallOfferedEvent: async ({ id }, { qos }) => {
          log.push(`offered ${id} ${qos}`)
          return 'awaited'
        },
      },
      onEvent: ({ type }) => void log.push(type),
    })
    assert.equal(await send('CallOfferedEvent'), 'awaited')
    send('CallCancelledEvent')
    assert.deepEqual([log, errors], [['offered e-1 1', 'CallCancelledEvent'], []])
  })

  it('pass on what they throw, so that the event comes again', () => {
    const { send } = open({
      on: {
        CallOfferedEvent: () => {
          throw new Error('busy')
        },
      },
    })
    assert.throws(() => send('CallOfferedEvent'), /busy/)
  })

  it('tell of a type that nobody handles, once, and of so many at most', () => {
    const { send, errors } = open({ on: { CallOfferedEvent: () => undefined } })
    for (const type of ['CallCancelledEvent', 'CallCancelledEvent', 'constructor', '__proto__']) send(type)
    assert.deepEqual(
      errors.map(({ code, message, eventId }) => [code, message, eventId]),
      [
        ['unhandled_event', 'There is no handler for CallCancelledEvent.', 'e-1'],
        ['unhandled_event', 'There is no handler for constructor.', 'e-3'],
        ['unhandled_event', 'There is no handler for __proto__.', 'e-4'],
      ],
    )
    for (let index = 0; index < 200; index++) send(`Made${index}UpEvent`)
    assert.equal(errors.length, 100)
  })

  it('take one that is left out for none', () => {
    const { send, errors } = open(JSON.parse('{}', () => ({ on: { CallOfferedEvent: undefined } })))
    send('CallOfferedEvent')
    assert.equal(errors.length, 1)
  })

  it('must be functions, one at least', () => {
    const given = { url: 'http://a', getToken: () => 'T', WebSocket: globalThis.WebSocket ?? class {} }
    const wrong: readonly (readonly [object, RegExp])[] = [
      [{}, /onEvent must be a function/],
      [{ on: { CallOfferedEvent: 'ring' } }, /on\.CallOfferedEvent must be a function, not "ring"/],
      [{ on: null }, /on must be an object of handlers/],
      [{ on: {}, onEvent: 1 }, /onEvent must be a function/],
    ]
    for (const [handlers, message] of wrong)
      assert.throws(() => connect(Object.assign({}, given, handlers)), { code: 'invalid_option', message })
  })
})

interface MyEvents {
  CallOfferedEvent: { caller: string; video?: boolean }
  CallCancelledEvent: { reason: string }
}

/** Never called: `npm run check` compiles it, and each `@ts-expect-error` must be one. */
export function typesOfEvents(url: string, getToken: () => string): void {
  const registration = connect<MyEvents>({
    url,
    getToken,
    on: {
      CallOfferedEvent: (event) => registration.answer(event, { to: event.caller.length }),
    },
    onEvent: (event) => {
      if (event.type === 'CallCancelledEvent') return event.reason.length
      // @ts-expect-error: only a cancelled one has a reason
      return event.reason
    },
  })
  // @ts-expect-error: there is no such type
  connect<MyEvents>({ url, getToken, on: { CallOferedEvent: () => undefined } })
  const untyped = connect({ url, getToken, onEvent: (event) => untyped.answer(event) })
  connect({ url, getToken, on: { CallOfferedEvent: ({ caller }) => assert.ok(typeof caller === 'string') } })
  const backend = createBackend<MyEvents>({ url, credentials: getToken })
  void backend.send({ userId: 'bob', event: { type: 'CallOfferedEvent', caller: 'Alice' } })
  // @ts-expect-error: the caller is a text
  void backend.send({ userId: 'bob', event: { type: 'CallOfferedEvent', caller: 1 } })
  // @ts-expect-error: an offer has a caller
  void backend.send({ userId: 'bob', event: { type: 'CallOfferedEvent' } })
  const one: EventOf<MyEvents, 'CallCancelledEvent'> = {
    id: 'e',
    type: 'CallCancelledEvent',
    timestamp: '',
    reason: '',
  }
  const any: AnyEventOf<MyEvents> = one
  void any
}
