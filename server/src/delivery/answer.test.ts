import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RollcallError } from '@rollcall/protocol/error-code'
import { ANSWER_BYTES_MAX, ANSWERABLE_MS } from '@rollcall/protocol/limits'
import {
  attach,
  BACKEND,
  type DeliveryScene,
  openDelivery,
  register,
  send,
} from '../../../test/helpers/delivery-scene.ts'
import { entriesOf, liveOf } from '../../../test/helpers/mailbox-entries.ts'
import { parseAnswer } from './answer.ts'
import { parseSendEvent } from './command/command.ts'

const BOB = { organizationId: 'acme', userId: 'bob' }
const RING = {
  userId: 'bob',
  qos: 1,
  ttlSeconds: 30,
  event: { id: 'ring', type: 'CallOfferedEvent', timestamp: '2026-01-01T00:00:00Z', from: 'Alice' },
  cancelOthers: {
    event: { id: 'over', type: 'CallCancelledEvent', timestamp: '2026-01-01T00:00:00Z' },
  },
}
const FOREVER = new AbortController().signal

function answer({ delivery }: DeliveryScene, userEndpointId: string, said?: object, user = BOB) {
  const body = JSON.stringify({ userEndpointId, answer: said ?? null })
  return delivery.answer(user, parseAnswer(Buffer.from(body), { eventId: 'ring' }))
}

async function refusal(promise: Promise<void>): Promise<string> {
  const error = await promise.then(
    () => 'nothing was refused',
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof RollcallError)) throw error
  const fields = [...error.fields].map(([field, value]) => ` ${field}=${value}`)
  return `${error.code}${fields.join('')}`
}

/** Sends and waits; `answer` is there once the sender has got one. */
function sendAndWait({ delivery }: DeliveryScene, command: object, waitMs = 30_000) {
  const state: { answer: unknown } = { answer: undefined }
  const parsed = parseSendEvent(Buffer.from(JSON.stringify(command)))
  delivery.sendEventAndWait(BACKEND, parsed, undefined, { waitMs, gone: FOREVER }).then(
    ({ receipts }) => {
      state.answer = receipts
    },
    (error: unknown) => {
      state.answer = error
    },
  )
  return state
}

async function rung() {
  const scene = await openDelivery()
  const phone = await attach(scene, await register(scene, 'phone'))
  const tab = await attach(scene, await register(scene, 'tab'))
  await send(scene, RING)
  await scene.clock.advance(0)
  return { scene, phone, tab }
}

describe('an answer', () => {
  it('ends the ringing elsewhere, which a PUBACK does not', async () => {
    const { scene, phone, tab } = await rung()
    phone.taken[0]?.acknowledged?.()
    tab.taken[0]?.acknowledged?.()
    await scene.clock.advance(2000)
    assert.deepEqual([phone.ids(), tab.ids()], [['ring'], ['ring']])
    await answer(scene, 'tab')
    await scene.clock.advance(0)
    assert.deepEqual([phone.ids(), tab.ids()], [['ring', 'over'], ['ring']])
    await answer(scene, 'tab')
    assert.equal(await refusal(answer(scene, 'phone')), 'answered_elsewhere answeredBy=tab')
    await scene.clock.advance(2000)
    assert.deepEqual([phone.ids(), tab.ids()], [['ring', 'over'], ['ring']])
    await scene.store.close()
  })

  it('is given, and cancels, only once it is durable', async () => {
    const { scene, tab } = await rung()
    scene.disk.hold()
    let isGiven = false
    void answer(scene, 'phone').then(() => {
      isGiven = true
    })
    let lost = ''
    void refusal(answer(scene, 'tab')).then((code) => {
      lost = code
    })
    await scene.clock.advance(2000)
    assert.deepEqual([isGiven, lost, tab.ids()], [false, '', ['ring']])
    scene.disk.release()
    await scene.clock.advance(0)
    assert.deepEqual(
      [isGiven, lost, tab.ids()],
      [true, 'answered_elsewhere answeredBy=phone', ['ring', 'over']],
    )
    await scene.store.close()
  })

  it('that the disk refuses may be repeated until it takes it', async () => {
    const { scene, tab } = await rung()
    const wait = sendAndWait(scene, { ...RING, event: { ...RING.event, id: 'other' } })
    scene.disk.failure = new Error('EIO')
    await scene.clock.advance(2000)
    assert.equal(await refusal(answer(scene, 'phone')), 'unavailable')
    scene.disk.failure = undefined
    await scene.clock.advance(10_000)
    await answer(scene, 'phone')
    await scene.clock.advance(0)
    assert.deepEqual(tab.ids().at(-1), 'over')
    scene.delivery.drain()
    await scene.clock.advance(0)
    assert.ok(wait.answer)
    await scene.store.close()
  })

  it('says that the device has the event: its copy does not come again, and its PUBACK changes nothing', async () => {
    const { scene, phone } = await rung()
    await answer(scene, 'phone')
    const { qos1 } = scene.statistics.read('acme')
    assert.deepEqual([qos1.acknowledged, qos1.answered], [1, 1])
    phone.taken[0]?.acknowledged?.()
    assert.equal(scene.statistics.read('acme').qos1.acknowledged, 1)
    phone.attachment.detach()
    const [registration] = await liveOf(scene.store, { ...BOB, userEndpointId: 'phone' })
    assert(registration !== undefined)
    const again = await attach(scene, registration)
    await scene.clock.advance(2000)
    assert.deepEqual(again.ids(), [])
    assert.deepEqual(scene.outcomes, ['sent', 'sent', 'answered', 'acknowledged', 'queued'])
    await scene.store.close()
  })

  it('is refused to whoever was not sent the event, whatever that is', async () => {
    const { scene } = await rung()
    await register(scene, 'late')
    const mallory = { organizationId: 'acme', userId: 'mallory' }
    const globex = { organizationId: 'globex', userId: 'bob' }
    for (const promise of [
      answer(scene, 'late'),
      answer(scene, 'nobody'),
      answer(scene, 'phone', undefined, mallory),
      answer(scene, 'phone', undefined, globex),
    ])
      assert.equal(await refusal(promise), 'not_found')
    await scene.clock.advance(30_000)
    assert.equal(await refusal(answer(scene, 'phone')), 'not_found', 'its lifetime is over')
    await scene.store.close()
  })

  it('leaves what acts on acknowledgements alone', async () => {
    const scene = await openDelivery()
    const phone = await attach(scene, await register(scene, 'phone'))
    const tab = await attach(scene, await register(scene, 'tab'))
    await send(scene, { ...RING, cancelOthers: { ...RING.cancelOthers, on: 'acknowledged' } })
    await answer(scene, 'phone')
    await scene.clock.advance(1000)
    assert.deepEqual(tab.ids(), ['ring'])
    phone.taken[0]?.acknowledged?.()
    await scene.clock.advance(1000)
    assert.deepEqual([phone.ids(), tab.ids()], [['ring'], ['ring', 'over']])
    assert.equal(await refusal(answer(scene, 'tab')), 'answered_elsewhere answeredBy=phone')
    await scene.store.close()
  })
})

describe('an event that nobody said would be answered', () => {
  const PLAIN = { userId: 'bob', event: RING.event }

  it('can be answered all the same, at QoS 1 and at QoS 0 where it was sent', async () => {
    for (const qos of [0, 1]) {
      const scene = await openDelivery()
      await attach(scene, await register(scene, 'phone'))
      await register(scene, 'away')
      await send(scene, { ...PLAIN, qos })
      await answer(scene, 'phone', { a: 1 })
      await answer(scene, 'phone')
      const away = await refusal(answer(scene, 'away'))
      assert.equal(away, qos === 0 ? 'not_found' : 'answered_elsewhere answeredBy=phone')
      const record = await scene.store.history.find('ring', {})
      assert.equal(record?.answered?.userEndpointId, 'phone')
      const { qos0, qos1 } = scene.statistics.read('acme')
      assert.deepEqual([qos0.answered, qos1.answered], qos === 0 ? [1, 0] : [0, 1])
      await scene.store.close()
    }
  })

  it('can be answered by a device that was woken and has not connected yet', async () => {
    const scene = await openDelivery()
    const registration = await register(scene, 'phone')
    await register(scene, 'tab')
    await send(scene, { ...PLAIN, qos: 1 })
    const [entry] = await entriesOf(scene.store, registration)
    scene.store.history.note({ registration, sequence: entry?.sequence ?? 0 }, 'woken')
    await answer(scene, 'phone')
    assert.equal(await refusal(answer(scene, 'tab')), 'answered_elsewhere answeredBy=phone')
    await scene.store.close()
  })

  it('two that answer at once: one wins', async () => {
    const scene = await openDelivery()
    await register(scene, 'phone')
    await register(scene, 'tab')
    await send(scene, { ...PLAIN, qos: 1 })
    const [first, second] = await Promise.allSettled([answer(scene, 'phone'), answer(scene, 'tab')])
    assert.deepEqual([first?.status, second?.status], ['fulfilled', 'rejected'])
    await scene.store.close()
  })

  it('for as long as its lifetime, or for a day without one', async () => {
    const scene = await openDelivery()
    await register(scene, 'phone')
    for (const [lifetime, afterMs] of [
      [{ ttlSeconds: 5 }, 5000],
      [{}, ANSWERABLE_MS],
    ] as const) {
      await send(scene, { ...PLAIN, qos: 1, ...lifetime })
      await scene.clock.advance(afterMs)
      assert.equal(await refusal(answer(scene, 'phone')), 'not_found')
    }
    await scene.store.close()
  })
})

describe('what goes with an answer', () => {
  it('is kept as it was written, or masked like the event; never in clear on the disk', async () => {
    for (const masks of [[], ['$.card.number']])
      for (const isCall of [true, false]) {
        const scene = await openDelivery()
        await register(scene, 'phone')
        const { cancelOthers: _, ...plain } = RING
        await send(scene, { ...(isCall ? RING : plain), masks })
        const body = '{"userEndpointId":"phone","answer":{ "n":1.0,"card":{"number":"4111"} }}'
        await scene.delivery.answer(BOB, parseAnswer(Buffer.from(body), { eventId: 'ring' }))
        const record = await scene.store.history.find('ring', {})
        assert.equal(
          Buffer.from(record?.answered?.answer ?? []).toString(),
          masks.length === 0 ? '{ "n":1.0,"card":{"number":"4111"} }' : '{"n":1,"card":{"number":"****"}}',
        )
        const isClear = scene.disk.commits
          .flat()
          .some(({ value }) => value !== undefined && Buffer.from(value).includes('4111'))
        assert.equal(isClear, masks.length === 0)
        await scene.store.close()
      }
  })

  it('is a small JSON object, and every bad field is named', () => {
    const parse = (body: string) => parseAnswer(Buffer.from(body), { eventId: 'e' })
    const fieldsOf = (run: () => unknown): string => {
      try {
        run()
      } catch (error) {
        if (error instanceof RollcallError)
          return `${error.code} ${[...error.fields.keys()].join(' ')}`.trim()
      }
      return 'accepted'
    }
    const filler = 'x'.repeat(ANSWER_BYTES_MAX - '{"a":""}'.length)
    for (const [body, expected] of [
      ['{"userEndpointId":"phone"}', 'accepted'],
      ['{"userEndpointId":"phone","answer":null}', 'accepted'],
      [`{"userEndpointId":"phone","answer":{"a":"${filler}"}}`, 'accepted'],
      [`{"userEndpointId":"phone","answer":{"a":"${filler}x"}}`, 'invalid_request answer'],
      [`{"userEndpointId":"phone","answer":{"a":"${filler.slice(1)}é"}}`, 'invalid_request answer'],
      ['{"userEndpointId":"phone","answer":[]}', 'invalid_request answer'],
      ['{"userEndpointId":"phone","answer":"yes"}', 'invalid_request answer'],
      ['{"userEndpointId":"a/b","answer":1}', 'invalid_request userEndpointId answer'],
      ['{"answer":{"a":1,"a":2},"userEndpointId":"phone"}', 'malformed_json'],
      ['{}', 'invalid_request userEndpointId'],
      ['[]', 'invalid_request'],
      ['', 'malformed_json'],
    ] as const)
      assert.equal(
        fieldsOf(() => parse(body)),
        expected,
        body,
      )
    const known = { userEndpointId: 'phone' }
    assert.equal(
      fieldsOf(() => parseAnswer(Buffer.from('{"eventId":1}'), known)),
      'invalid_request eventId',
    )
    assert.equal(parseAnswer(Buffer.from('{"eventId":"e/é"}'), known).eventId, 'e/é')
  })
})

describe('Prefer: wait, where an answer is waited for', () => {
  it('ends with the answer, not with the acknowledgements', async () => {
    const scene = await openDelivery()
    const phone = await attach(scene, await register(scene, 'phone'))
    await attach(scene, await register(scene, 'tab'))
    const waiting = sendAndWait(scene, { ...RING, waitFor: 'answered' })
    await scene.clock.advance(100)
    phone.taken[0]?.acknowledged?.()
    await scene.clock.advance(5000)
    assert.equal(waiting.answer, undefined)
    await answer(scene, 'tab')
    await scene.clock.advance(0)
    assert.deepEqual(waiting.answer, { acknowledged: 2, connected: 2, answeredBy: 'tab' })
    scene.delivery.drain()
    await scene.store.close()
    assert.equal(scene.clock.pending(), 0)
  })

  it('ends where nobody can answer any more, or the time is over', async () => {
    const scene = await openDelivery()
    const phone = await register(scene, 'phone')
    await attach(scene, phone)
    const { cancelOthers: _, ...plain } = RING
    const late = sendAndWait(scene, { ...plain, waitFor: 'answered' }, 3000)
    await scene.clock.advance(3000)
    assert.deepEqual(late.answer, { acknowledged: 0, connected: 1 })
    const gone = sendAndWait(scene, { ...plain, waitFor: 'answered' })
    await scene.clock.advance(100)
    await scene.store.registrations.unregister(phone)
    scene.delivery.endpointGone(phone, 'unregistered')
    await scene.clock.advance(0)
    assert.deepEqual(gone.answer, { acknowledged: 0, connected: 1 })
    await scene.store.close()
  })
})

describe('Prefer: wait, where nothing is connected', () => {
  it('says so after the grace, not at the end of the wait', async () => {
    for (const [grace, afterMs] of [
      [{}, 500],
      [{ graceMs: 2000 }, 2000],
      [{ graceMs: 0 }, 0],
    ] as const) {
      const scene = await openDelivery()
      await register(scene, 'phone')
      const waiting = sendAndWait(scene, { ...RING, ...grace })
      await scene.clock.advance(Math.max(0, afterMs - 1))
      assert.equal(waiting.answer === undefined, afterMs > 0)
      await scene.clock.advance(1)
      assert.deepEqual(waiting.answer, { acknowledged: 0, connected: 0 })
      await scene.store.close()
      assert.equal(scene.clock.pending(), 0)
    }
  })

  it('goes on waiting for one that comes within it', async () => {
    const scene = await openDelivery()
    const phone = await register(scene, 'phone')
    await register(scene, 'tab')
    const waiting = sendAndWait(scene, { ...RING, waitFor: 'answered' })
    await scene.clock.advance(400)
    await attach(scene, phone)
    await scene.clock.advance(5000)
    assert.equal(waiting.answer, undefined)
    await answer(scene, 'phone')
    await scene.clock.advance(0)
    assert.deepEqual(waiting.answer, { acknowledged: 1, connected: 1, answeredBy: 'phone' })
    await scene.store.close()
  })

  it('does not shorten the wait where one of them is', async () => {
    const scene = await openDelivery()
    await register(scene, 'phone')
    await attach(scene, await register(scene, 'tab'))
    const waiting = sendAndWait(scene, RING, 5000)
    await scene.clock.advance(4999)
    assert.equal(waiting.answer, undefined)
    await scene.clock.advance(1)
    assert.deepEqual(waiting.answer, { acknowledged: 0, connected: 1 })
    await scene.store.close()
  })
})
