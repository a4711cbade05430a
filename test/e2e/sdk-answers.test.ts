import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import {
  AnsweredElsewhereError,
  connect,
  createBackend,
  type Event,
  type Message,
  type Registration,
  tokenSource,
} from '@rollcall/client/client'
import WebSocket from 'ws'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const CANCELLED = { type: 'CallCancelledEvent' }
const CALL: Message = {
  userId: 'bob',
  qos: 1,
  ttlSeconds: 60,
  masks: ['$.pin'],
  event: { type: 'CallOfferedEvent' },
  cancelOthers: { event: CANCELLED },
  waitFor: 'answered',
}

describe('answers, by the SDK and a real server', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path)
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })
  const backend = () =>
    createBackend({
      url: server.url,
      credentials: { clientId: 'acme-backend', clientSecret: 'acme-secret' },
    })

  /** One of Bob's devices, which rings for what it gets. */
  async function device(
    t: TestContext,
    id: string,
    onCall?: (registration: Registration, event: Event) => unknown,
  ) {
    const grant = { type: 'password', username: 'bob', password: 'bob-password' } as const
    const events: Event[] = []
    const registration = connect({
      url: server.url,
      getToken: tokenSource({ url: server.url, clientId: 'customer', grant }),
      userEndpointId: id,
      WebSocket,
      backoffFirstMs: 50,
      backoffMaxMs: 500,
      onError: () => undefined,
      onEvent(event) {
        events.push(event)
        if (event.type === 'CallOfferedEvent') return onCall?.(registration, event)
        return undefined
      },
    })
    t.after(() => registration.close())
    await registration.online()
    return { registration, events, types: () => events.map(({ type }) => type) }
  }

  it('the first device has the call, the others fall silent, and the caller hears who', async (t) => {
    const [phone, tablet] = [await device(t, 'phone'), await device(t, 'tablet')]
    const calling = backend().send(CALL, { waitSeconds: 20 })
    await eventually(() => phone.events.length + tablet.events.length === 2, 'both ring')
    const [offer] = phone.events
    assert.ok(offer !== undefined)
    await phone.registration.answer(offer, { with: 'video', pin: '1234' })
    const receipt = await calling
    assert.deepEqual(receipt, {
      count: 2,
      eventId: offer.id,
      acknowledged: 2,
      connected: 2,
      answeredBy: 'phone',
    })
    await eventually(() => tablet.types().includes('CallCancelledEvent'), 'the tablet falls silent')
    assert.deepEqual(phone.types(), ['CallOfferedEvent'])
    await assert.rejects(tablet.registration.answer(offer), (error) => {
      assert.ok(error instanceof AnsweredElsewhereError)
      assert.equal(error.answeredBy, 'phone')
      return true
    })
    // It may say so again, also when nobody knows what came of the first time.
    await phone.registration.answer(offer.id)

    const { answeredAt, answeredBy, answer, endpoints } = await backend().history.find(offer.id)
    assert.deepEqual([answeredBy, answer], ['phone', { with: 'video', pin: '****' }])
    assert.equal(endpoints.find(({ userEndpointId }) => userEndpointId === 'phone')?.answeredAt, answeredAt)
    assert.ok(Date.parse(answeredAt ?? '') > 0)
    const { qos1 } = await backend().statistics()
    assert.equal(qos1.answered, 1)
  })

  it('may be given in onEvent itself, and of two that do one has it', async (t) => {
    const outcomes: string[] = []
    const take = async (registration: Registration, event: Event): Promise<void> => {
      await registration.answer(event).then(
        () => outcomes.push('first'),
        (error: Error) => outcomes.push(error.name),
      )
    }
    const [one, two] = [await device(t, 'one', take), await device(t, 'two', take)]
    const { answeredBy = '' } = await backend().send(CALL, { waitSeconds: 20 })
    await eventually(() => outcomes.length === 2, 'both know')
    assert.deepEqual(outcomes.toSorted(), ['AnsweredElsewhereError', 'first'])
    const loser = answeredBy === 'one' ? two : one
    await eventually(() => loser.types().includes('CallCancelledEvent'), 'the other is told')
  })

  it('reaches a server that restarts meanwhile', async (t) => {
    const phone = await device(t, 'restarting')
    await backend().send(CALL)
    await eventually(() => phone.events.length === 1, 'it rings')
    const { port } = server
    await server.kill()
    const answering = phone.registration.answer(phone.events[0]?.id ?? '')
    server = await startProcess(data.path, { PORT: String(port) })
    await answering
    assert.equal((await backend().history.find(phone.events[0]?.id ?? '')).answeredBy, 'restarting')
  })

  it('tells a caller at once that nothing is connected', async (t) => {
    const away = await device(t, 'away')
    await away.registration.close()
    const grant = { type: 'password', username: 'bob', password: 'bob-password' } as const
    const getToken = tokenSource({ url: server.url, clientId: 'customer', grant })
    const bob = createBackend({ url: server.url, credentials: getToken })
    await bob.request('/rtc-api/users/endpoints/register', {
      method: 'POST',
      body: { userEndpointId: 'asleep', keepAliveSeconds: 600 },
    })
    const sinceMs = performance.now()
    const receipt = await backend().send({ ...CALL, graceMs: 0 }, { waitSeconds: 30 })
    assert.deepEqual([receipt.count, receipt.connected, receipt.answeredBy], [1, 0, undefined])
    assert.ok(performance.now() - sinceMs < 15_000, 'long before the wait is over')
  })
})
