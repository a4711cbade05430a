import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createClient } from '@rollcall/client/client'
import { offer, signIn, tokenOf } from '../helpers/demo.ts'
import { connectPhone } from '../helpers/phone.ts'
import { eventually, makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

type Answer = { readonly count?: number; readonly eventId?: string; readonly error?: string }

const USERS = ['alice', 'bob']

describe('bulk', () => {
  let server: ServerProcess
  let data: Awaited<ReturnType<typeof makeDataDir>>
  const tokens = new Map<string, string>()
  let acme = ''
  before(async () => {
    data = await makeDataDir()
    server = await startProcess(data.path)
    acme = await tokenOf(server.url, 'acme-backend')
    for (const user of [...USERS, 'carol']) {
      const { accessToken } = await signIn(server.url, user)
      tokens.set(user, accessToken)
      await register(user, 'phone')
    }
  })
  after(async () => {
    await server.kill()
    await data.remove()
  })

  function register(user: string, userEndpointId: string): Promise<string> {
    const client = createClient({ url: server.url, token: tokens.get(user) ?? '' })
    return client.register({ userEndpointId, keepAliveSeconds: 600 })
  }

  function send(body: string, type = 'application/json', token = acme): Promise<Response> {
    return fetch(`${server.url}/rtc-api/users/endpoints/sendEvents`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': type, accept: type },
      body,
    })
  }

  async function answersOf(response: Response): Promise<readonly Answer[]> {
    assert.equal(response.status, 200)
    return JSON.parse(await response.text())
  }

  const batch = (count: number, userEndpointId: string, first = 0) =>
    Array.from({ length: count }, (_, n) =>
      offer(USERS[n % 2] ?? '', { userEndpointId, qos: 1 }, { n: first + n }),
    )

  /** Connects and takes `count` events; they come in order. */
  async function take(user: string, id: string, count: number): Promise<readonly unknown[]> {
    const phone = await connectPhone(server.url, user, tokens.get(user) ?? '')
    await phone.subscribe(`users/endpoints/${id}`)
    await eventually(() => phone.received.length >= count, `${count} events arrive at ${user}'s ${id}`)
    await phone.end()
    const numbers = phone.received.map(({ event }) => Number(event['n']))
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    )
    return phone.received.map(({ event }) => event['id'])
  }

  it('sends 1,000 events and answers each, and not one of them is gone after kill -9', async () => {
    for (const user of USERS) await register(user, 'bulk')
    const answers = await answersOf(await send(JSON.stringify(batch(1_000, 'bulk'))))
    await server.kill()
    assert.equal(answers.length, 1_000)
    assert(answers.every(({ count }) => count === 1))
    server = await startProcess(data.path, { PORT: String(server.port) })
    for (const [index, user] of USERS.entries()) {
      const ids = answers.flatMap(({ eventId }, n) => (n % 2 === index ? [eventId] : []))
      assert.deepEqual(await take(user, 'bulk', 500), ids)
    }
  })

  it('sends all but the 500th line, which is broken', async () => {
    for (const user of USERS) await register(user, 'lines')
    const lines = batch(1_000, 'lines').map((command) => JSON.stringify(command))
    const text = lines.with(499, lines[499]?.slice(0, -3) ?? '').join('\n')
    const response = await send(text, 'application/x-ndjson')
    assert.equal(response.headers.get('content-type'), 'application/x-ndjson')
    const answers: readonly Answer[] = (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.equal(answers[499]?.error, 'malformed_json')
    assert.equal(answers.filter(({ count }) => count === 1).length, 999)
    assert.equal((await take('alice', 'lines', 500)).length, 500)
    assert.equal((await take('bob', 'lines', 499)).length, 499)
  })

  it('sends nothing of 1,001, nor of an array that is broken', async () => {
    await register('bob', 'nothing')
    const broken = `${JSON.stringify(batch(10, 'nothing')).slice(0, -1)},{]`
    for (const body of [JSON.stringify(batch(1_001, 'nothing')), broken])
      assert.equal((await send(body)).status, 400)
    await answersOf(
      await send(JSON.stringify([offer('bob', { userEndpointId: 'nothing', qos: 1 }, { n: 7 })])),
    )
    assert.equal((await take('bob', 'nothing', 1)).length, 1)
  })

  it('keeps organizations apart, event by event', async () => {
    const service = await tokenOf(server.url, 'platform-service')
    const commands = [
      offer('carol', { organizationId: 'globex', qos: 1 }),
      offer('carol', { organizationId: 'acme', qos: 1 }),
      offer('carol'),
    ]
    const outcomes = async (token: string) =>
      (await answersOf(await send(JSON.stringify(commands), 'application/json', token))).map(
        ({ count, error }) => error ?? count,
      )
    assert.deepEqual(await outcomes(service), [1, 0, 'organization_required'])
    assert.deepEqual(await outcomes(acme), [0, 0, 0])
  })

  it('gives a repeated key its first answer, also within one request and after a restart', async () => {
    await register('bob', 'keys')
    const keyed = (idempotencyKey: string, n: number) =>
      offer('bob', { userEndpointId: 'keys', qos: 1, idempotencyKey }, { n })
    const body = JSON.stringify([keyed('a', 1), keyed('a', 2), keyed('b', 3), keyed('', 4)])
    const [first, second, third, fourth] = await answersOf(await send(body))
    assert.deepEqual(first, second)
    assert.equal(fourth?.error, 'invalid_request')
    await server.kill()
    server = await startProcess(data.path, { PORT: String(server.port) })
    assert.deepEqual((await answersOf(await send(body))).slice(0, 3), [first, first, third])
    assert.deepEqual(await take('bob', 'keys', 2), [first?.eventId, third?.eventId])
  })
})
